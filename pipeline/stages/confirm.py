"""Stage `confirm`: retrain the leaders of the searches with fresh seeds, if that is asked for."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline.base import paths
from pipeline.base.files import write_json
from pipeline.config.params import Confirm, Params
from pipeline.running import imports
from pipeline.running.terminal import progress, say
from pipeline.search.confirmation import Confirmed, Leaders
from pipeline.training.work import Report
from pipeline.workers.pool import Pool
from pipeline.workers.start import start_pool

if TYPE_CHECKING:  # it imports Keras, which takes seconds
    from pipeline.workers.executor import InFlight


def main(settings: Params) -> None:
    """Write what became of each leader; nothing and at once with `select.confirm: null`."""
    confirm, tune = settings.select.confirm, settings.tune
    if confirm is None:
        write_json(paths.CONFIRM, asdict(Leaders([])))
        say("select.confirm is off: nothing is retrained before the choice")
        return
    epochs = confirm.top * confirm.seeds * tune.epochs
    # Here, because TensorFlow takes seconds that most runs can do without; and before the workers
    # are forked, who then have it as well.
    with imports.slim():
        from pipeline.search import retraining  # noqa: F401
    with start_pool("tune", tune.in_flight, tune.threads, epochs) as pool:
        found = _retrain(settings, confirm, pool)
    write_json(paths.CONFIRM, asdict(Leaders(found)))
    for leader in found:
        if leader.failures:
            say(f"{leader.name}: not to be chosen: {leader.failures[0]}")
        else:
            say(
                f"{leader.name}: {leader.searched.val_accuracy:.4f} in the search, "
                f"{leader.candidate.val_accuracy:.4f} on the mean of {confirm.seeds} fresh seeds"
            )


def _retrain(settings: Params, confirm: Confirm, pool: Pool) -> list[Confirmed]:
    """Retrain the leaders behind a progress bar."""
    from pipeline.search.retraining import retrain

    with progress("models") as bar:
        task = bar.add_task("confirm", total=confirm.top * confirm.seeds, note="")

        def show(flight: "InFlight", report: Report) -> None:
            work, row = flight.work, report.row
            if row:
                note = f"{work.architecture}, epoch {report.epochs:.0f}: {row.val_accuracy:.4f}"
                bar.update(task, note=note)

        found = retrain(settings, pool, lambda: bar.advance(task), show)
        bar.update(task, total=len(found) * confirm.seeds)
    return found
