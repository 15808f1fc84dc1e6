"""A probe: a training of some seconds that estimates the cost of stages that never ran here.

`python -m pipeline.commands.probe PARAMS THREADS ARCHITECTURE...` fits each architecture at its
defaults to a few images of the split and prints the cost as JSON. It is a separate process, so
start-up and memory are measured as for a stage.
"""

import json
import math
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.config import automatic
from pipeline.config.automatic import Facts
from pipeline.config.conditions import Conditions
from pipeline.config.params import Params
from pipeline.running import costs
from pipeline.running.costs import Cost
from pipeline.running.terminal import console, run

# The number of pixel values to fit to: 2,675 images of 28×28, 682 of 32×32×3.
VALUES = 2**21
BYTES_A_PARAMETER = 4  # float32


@dataclass(frozen=True)
class Probe:
    """The cost of fitting one architecture at its defaults on this machine.

    Attributes:
        startup_seconds: Time from the start of the process to the first model.
        build_seconds: Time for each model: building it, and the extra time of its first epoch.
        image_seconds: Time for each image of each epoch, validation included.
        peak_mib: Largest resident memory of the process so far, in MiB.
        model_mib: Size of the trained model's file, in MiB.
    """

    startup_seconds: float
    build_seconds: float
    image_seconds: float
    peak_mib: float
    model_mib: float


def estimate(stages: Iterable[str], settings: Params, file: Path) -> list[Cost]:
    """Estimate the cost of stages by probing their architectures; skip stages that train nothing.

    Args:
        stages: Names in dvc.yaml, such as tune@mlp.
        settings: The parameters of the stages.
        file: The params.yaml with these parameters, for the probing process.

    Returns:
        The expected cost of each stage that trains; empty if this workspace does not hold the
        data set's split.
    """
    report = costs.data_report()
    if report.get("dataset") != settings.dataset.name or not paths.TRAIN.exists():
        return []
    # What stage `settings` leaves out takes no time, and perhaps cannot be built on these images.
    facts = Facts.of(report) if "pictures" in report else None
    left_out = automatic.unsuited(settings.architectures, facts)
    searched = [name for name in settings.architectures if name not in left_out]
    wanted = {name: _trained_by(name, settings, searched) for name in stages}
    wanted = {name: models for name, models in wanted.items() if models}
    if not wanted:
        return []
    threads = max(settings.tune.threads, settings.train.threads)
    probes = _run(file, threads, sorted({name for models in wanted.values() for name in models}))
    return [
        _cost(stage, [probes[name] for name in models], settings)
        for stage, models in wanted.items()
    ]


def _trained_by(stage: str, settings: Params, searched: list[str]) -> list[str]:
    """Return the architectures that a stage may train; the winner is known only later."""
    match stage.split("@"):
        case ["tune", architecture]:
            return [architecture] if architecture in searched else []
        case ["train", "baseline"]:
            return [settings.select.baseline]
        case ["train", _]:
            return searched
    return []


def _run(file: Path, threads: int, architectures: list[str]) -> dict[str, Probe]:
    module = "pipeline.commands.probe"
    command = [sys.executable, "-m", module, str(file), str(threads), *architectures]
    with console.status(f"probing {', '.join(architectures)}, which never ran here"):
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        killed = signal.Signals(-done.returncode).name if done.returncode < 0 else ""
        said = f"killed by {killed}" if killed else done.stderr.strip().splitlines()[-1]
        raise ConvoyError(f"The probe failed: {said}\n`plan --no-probe` goes without it.")
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: Probe(**values) for name, values in found.items()}


def _cost(stage: str, probes: list[Probe], settings: Params) -> Cost:
    """Scale the probes to the whole stage, taking the largest value of several architectures."""
    searching = stage.startswith("tune@")
    models = settings.tune.trials if searching else len(settings.train.seeds)
    work = costs.work_of(stage, settings, costs.images())
    return Cost(
        stage,
        settings.dataset.name,
        work,
        startup_seconds=max(p.startup_seconds for p in probes),
        work_seconds=max(models * p.build_seconds + work * p.image_seconds for p in probes),
        peak_mib=max(p.peak_mib for p in probes),
        disk_mib=0 if searching else models * max(p.model_mib for p in probes),
        probe=True,
    )


def measure(
    architecture: str, fit_under: Conditions, train: Path, validation: Path, startup_seconds: float
) -> Probe:
    """Fit one architecture at its defaults for two epochs, in this process."""
    import keras

    from pipeline.training import backend, models
    from pipeline.training.batches import SplitFolder
    from pipeline.training.fitting import fit

    images = SplitFolder(train)
    ends = [time.time()]
    conditions = backend.resolved(fit_under)
    model, recipe = models.build(
        architecture, {}, images.shape, len(images.classes), conditions.precision
    )
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(time.time()))
    held = SplitFolder(validation)
    fit(model, recipe, conditions, images, held, epochs=2, seed=1, callbacks=[note])
    start, first, second = ends
    return Probe(
        startup_seconds,
        build_seconds=max(0.0, (first - start) - (second - first)),
        image_seconds=(second - first) / len(images),
        peak_mib=costs.peak_mib(),
        model_mib=model.count_params() * BYTES_A_PARAMETER / 2**20,
    )


def _cut(source: Path, target: Path, values: int) -> Path:
    """Write the first images of a split, `values` pixel values in all, as a new split."""
    from pipeline.training.batches import SplitFolder

    split = SplitFolder(source)
    first = slice(math.ceil(values / math.prod(split.shape)))
    SplitFolder.write(target, split.images(first), split.labels[first], split.classes)
    return target


def main() -> None:
    """Measure the architectures named on the command line."""
    from pipeline.config import params
    from pipeline.training import backend

    file, threads, *architectures = sys.argv[1:]
    settings = params.load(Path(file))
    share = settings.split.validation_fraction
    backend.start(int(threads))
    startup = time.time() - psutil.Process().create_time()
    with tempfile.TemporaryDirectory() as scratch:
        train = _cut(paths.TRAIN, Path(scratch) / "train", VALUES)
        held = _cut(paths.VALIDATION, Path(scratch) / "validation", int(VALUES * share))
        found = {
            name: asdict(measure(name, settings.fit, train, held, startup))
            for name in architectures
        }
    print(json.dumps(found))


if __name__ == "__main__":
    run(main)
