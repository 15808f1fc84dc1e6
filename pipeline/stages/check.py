"""Stage `check`: refuse a bad params.yaml before any work.

DVC itself would stop at a mistyped name, but only at the stage that needs the file, hours of
tuning later perhaps, and without saying which names there are. What this stage writes is always
the same, so nothing runs again because of it. For the same reasons the data set's file, which it
looks into, is not among what it lists: DVC would miss a mistyped one before this could say so.
"""

from pipeline.base import paths
from pipeline.base.files import replacing
from pipeline.config import automatic, committed
from pipeline.config.params import FOLDER, Params, ParamsError
from pipeline.data import location
from pipeline.data.source import load_dataset
from pipeline.running.terminal import say


def main(settings: Params) -> None:
    """Check every parameter."""
    name = settings.dataset.name
    # DVC would stop at a missing folder too, whatever the data set is, but after this stage and
    # without saying what is near.
    location.find(settings.dataset.path)
    location.require_file_names(settings)
    fit, train = settings.fit, settings.train
    for key, wanted in (("fit.augment.flip", fit.augment.flip), ("train.mirrored", train.mirrored)):
        if wanted and not load_dataset(name).SPEC.mirrors:
            raise ParamsError(
                f"{paths.PARAMS}: {key} = true: a mirrored image of {name} is of another "
                "class, or of none; allowed: false"
            )
    baseline = settings.select.baseline
    brought = automatic.networks_needed(settings.architectures, folder=name == FOLDER)
    if baseline in automatic.BACKBONES and automatic.BACKBONES[baseline] not in brought:
        raise ParamsError(
            f"{paths.PARAMS}: select.baseline = {baseline!r}: its weights are brought "
            f"only where it is searched. Name it under architectures, with dataset.name: {FOLDER}, "
            "or choose another baseline"
        )
    if changed := committed.differences():
        say(f"{paths.PARAMS} differs from the last commit: {'; '.join(changed)}")
        say("`dvc exp run -S` leaves its values there, until you write the committed ones back.")
    with replacing(paths.CHECKED) as scratch:
        scratch.write_text("params.yaml is valid\n", encoding="utf-8")
