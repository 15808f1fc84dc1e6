"""Stage `split`: divide the images into train, validation and test."""

from pipeline import datasets, params, paths, splitting
from pipeline.files import write_json
from pipeline.guard import run_stage
from pipeline.terminal import say


def main() -> None:
    """Write the three splits and what they hold."""
    settings = params.load()
    source = datasets.load(settings.dataset.name).read(paths.RAW)
    parts = splitting.assign(
        source,
        settings.split.validation_fraction,
        settings.split.test_fraction,
        settings.split.random_state,
    )
    splitting.write(source, parts, paths.SPLIT)
    report = {
        name: splitting.describe(paths.SPLIT / name, source.classes) for name in splitting.NAMES
    }
    write_json(paths.DATA_REPORT, {"dataset": settings.dataset.name, **report})
    for name, part in report.items():
        say(f"{name}: {part['images']} images of {part['shape']}")


if __name__ == "__main__":
    run_stage(main)
