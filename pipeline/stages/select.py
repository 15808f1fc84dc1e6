"""Stage `select`: choose one model among all searches, and write down the baseline beside it."""

from dataclasses import asdict

from pipeline import params, paths
from pipeline.files import read_json, sha256, write_csv, write_json
from pipeline.guard import run_stage
from pipeline.search.choice import Candidate, choose
from pipeline.specification import Specification
from pipeline.terminal import say


def main() -> None:
    """Write two model specifications of one format, and the table they were chosen from."""
    settings = params.load()
    searches = {
        name: read_json(paths.TUNE / f"{name}.json") for name in sorted(settings.architectures)
    }
    candidates = [Candidate(**entry) for search in searches.values() for entry in search["front"]]
    chosen, reason = choose(candidates, settings.select.rule)
    tuned = Specification(
        chosen.architecture,
        dict(chosen.hyperparameters),
        searches[chosen.architecture]["code_sha256"],
    )
    name = settings.select.baseline
    baseline = Specification(name, {}, sha256(paths.ARCHITECTURES / f"{name}.py"))

    write_json(paths.SELECT / "tuned.json", asdict(tuned))
    write_json(paths.SELECT / "baseline.json", asdict(baseline))
    _write_candidates(candidates, chosen, reason)
    say(f"chosen: {chosen.architecture} trial {chosen.trial}: {reason}")


def _write_candidates(candidates: list[Candidate], chosen: Candidate, reason: str) -> None:
    columns = ["architecture", "trial", "val_accuracy", "standard_error", "val_loss", "parameters"]
    rows = [
        [*(getattr(candidate, column) for column in columns), reason if candidate is chosen else ""]
        for candidate in candidates
    ]
    write_csv(paths.SELECT / "candidates.csv", [*columns, "chosen_because"], rows)


if __name__ == "__main__":
    run_stage(main)
