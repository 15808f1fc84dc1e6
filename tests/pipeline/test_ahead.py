"""Searches and trainings beside each other: what they leave is what the later stages look for."""

from support.project import TINY, run, write_params

BOTH = TINY | {
    "architectures": ["mlp", "lenet5"],
    "tune": TINY["tune"] | {"seed": 7},
    "train": TINY["train"] | {"seeds": [3, 4]},
}


def trainings(clone):
    return (clone / ".state/store/entries.jsonl").read_bytes().count(b"\n")


def sections(shown):
    """Return what each stage has printed, by its name."""
    parts = shown.split("Running stage '")
    return {name: text for name, _, text in (part.partition("':") for part in parts[1:])}


def test_the_first_stage_computes_what_the_later_ones_need(finished):
    """More workers than one search keeps busy: its stage takes the other search's trials along."""
    write_params(finished, BOTH)
    before = trainings(finished)
    shown = sections(run("dvc", "repro", cwd=finished, CONVOY_WORKERS="3").stdout)
    assert "tune lenet5: 2/2 trials" in shown["tune@mlp"]
    assert "2/2 trials, best validation accuracy" in shown["tune@lenet5"]
    assert "2 reused" in shown["tune@lenet5"] and "2 reused" not in shown["tune@mlp"]
    tuned, baseline = (shown[f"train@{name}"] for name in ("tuned", "baseline"))
    assert "train tuned: 2/2 seeds\n" in baseline and "2/2 seeds, 2 reused" in tuned
    assert trainings(finished) == before + 2 * 2 + 2 * 2


def test_what_is_not_asked_for_or_up_to_date_is_not_computed(finished):
    write_params(finished, BOTH)
    shown = sections(run("dvc", "repro", "tune@mlp", cwd=finished, CONVOY_WORKERS="3").stdout)
    assert "lenet5" not in shown["tune@mlp"]
    run("dvc", "repro", cwd=finished, CONVOY_WORKERS="3")
    # Nothing remembers the trials, but lenet5's results are those of its file and parameters.
    (finished / ".state/store/entries.jsonl").write_bytes(b"")
    with (finished / "pipeline/architectures/mlp.py").open("a") as file:
        file.write("\n# edited\n")
    shown = sections(run("dvc", "repro", cwd=finished, CONVOY_WORKERS="3").stdout)
    assert "beside it" not in shown["tune@mlp"] and "tune@lenet5" not in shown
