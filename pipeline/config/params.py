"""The typed, validated view of params.yaml, and its only reader.

A bad value is an error before any work: it names the key, the value and what is allowed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json
from pipeline.config import automatic, committed, yaml_text
from pipeline.config.conditions import Conditions
from pipeline.config.dvc_yaml import flatten, lookup
from pipeline.config.fields import (
    ArchitectureName,
    Architectures,
    BatchSizes,
    Channels,
    Count,
    DatasetName,
    FitOrAuto,
    Flag,
    Folder,
    GroupBy,
    Hyperparameter,
    Margin,
    MetricOrAuto,
    Revision,
    Seconds,
    Section,
    Seed,
    Seeds,
    Share,
    SideOrAuto,
    Size,
    Threads,
)
from pipeline.config.messages import dotted, explain
from pipeline.config.shapes import Chosen
from pipeline.statistics.rule import Rule

# The data set that is the user's own folder of pictures.
FOLDER = "folder"
MOST_PROBLEMS = 20


class ParamsError(ConvoyError):
    """params.yaml holds something that is not allowed."""


class Dataset(Section):
    """Which images, and how a folder of pictures becomes arrays."""

    name: DatasetName
    labels: Literal["fine", "coarse"]
    path: Folder
    image_size: SideOrAuto
    fit: FitOrAuto
    channels: Channels
    skip_unreadable: Flag


class Split(Section):
    """How the images are divided."""

    validation_fraction: Share
    test_fraction: Share
    random_state: Seed
    group_duplicates: Flag
    # Of picture files; null: each image for itself.
    group_by: GroupBy | None


class Tune(Section):
    """How the hyperparameters are searched."""

    algorithm: Literal["random", "bayesian", "hyperband", "grid"]
    trials: Count
    epochs: Count
    # What a search may draw; null: what every architecture offers.
    batch_sizes: BatchSizes | None
    in_flight: Count
    seed: Seed
    threads: Threads
    median_stopping: Flag
    trial_seconds: Seconds | None
    # What an architecture offers is known only once it is loaded: `search.space` checks the rest.
    fixed: dict[ArchitectureName, dict[str, Hyperparameter]]


class Confirm(Section):
    """How many leaders of the searches are retrained, and with how many fresh seeds each."""

    top: Count
    seeds: Count


class Select(Section):
    """Which model the search hands on, and what it is compared with."""

    rule: Literal["one_standard_error", "best"]
    # Only models of at most so many are chosen from; null: of any size.
    most_parameters: Size | None
    most_multiply_adds: Size | None
    confirm: Confirm | None
    baseline: ArchitectureName
    # Whether the chosen architecture is also trained at its recipe.
    untuned: Flag


class Train(Section):
    """How the chosen model and the baseline are trained."""

    epochs: Count
    seeds: Seeds
    threads: Threads
    patience: Count | None
    mirrored: Flag


class Evaluate(Section):
    """How the trained models are judged."""

    metric: MetricOrAuto
    margin: Margin
    # The report judges pull requests against this revision, too; null: the last tag with results.
    reference: Revision | None

    @property
    def rule(self) -> Rule:
        """What decides a comparison."""
        return Rule(self.metric, self.margin)


class Params(Section):
    """All of params.yaml."""

    dataset: Dataset
    split: Split
    architectures: Architectures
    tune: Tune
    select: Select
    fit: Conditions
    train: Train
    evaluate: Evaluate


def load(path: Path = paths.PARAMS, shown_as: Path | None = None) -> Params:
    """Read and check all of params.yaml.

    Args:
        path: The file.
        shown_as: The file that an error names: of a scratch copy, the one that the user can edit.

    Raises:
        ParamsError: the file is missing or is not YAML, a key is missing or unknown, or a value
            is not allowed. All problems are listed, one a line.
    """
    name = shown_as or path
    return check(_content(path, name), name, with_ways_back=path == paths.PARAMS)


def check(content: dict[str, Any], name: Path, *, with_ways_back: bool = False) -> Params:
    """Check the content of params.yaml, in which the place of `auto` is filled.

    Args:
        content: Sections with values, as YAML gives them; it changes.
        name: The file that an error names.
        with_ways_back: Whether an error says what was committed.

    Raises:
        ParamsError: as in `load`.
    """
    chosen = read_json(paths.SETTINGS, Chosen) if paths.SETTINGS.exists() else {}
    for key in automatic_keys(content):
        # What was not `auto` when stage `settings` last ran is null there, and has no reason. Until
        # it runs again, no stage reads these values; they only have to be allowed.
        known = key in chosen.get("because", {})
        _put(content, key, lookup(chosen, key) if known else automatic.FIXED[key])
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False)
    keys = [dotted(problem["loc"]) for problem in found[:MOST_PROBLEMS]]
    lines = [f"{name}: {explain(problem, Params)}" for problem in found[:MOST_PROBLEMS]]
    if len(found) > MOST_PROBLEMS:
        lines.append(f"{name}: and {len(found) - MOST_PROBLEMS} more like these")
    if with_ways_back:
        lines += committed.ways_back(keys)
    raise ParamsError("\n".join(lines))


def epochs_of(architecture: str, section: Literal["tune", "train"], usual: int) -> int:
    """Return the epochs of an architecture: those chosen for it alone, or else the usual ones.

    Args:
        architecture: Its name.
        section: Of params.yaml: whether a trial is meant or a final training.
        usual: The section's `epochs`.
    """
    chosen = read_json(paths.SETTINGS, Chosen) if paths.SETTINGS.exists() else {}
    return chosen.get(section, {}).get("epochs_of", {}).get(architecture, usual)


def automatic_keys(content: Mapping[str, Any]) -> list[str]:
    """Return the keys whose value is left to the pipeline, `auto`."""
    return [key for key in automatic.FIXED if lookup(content, key) == automatic.AUTO]


def read_automatic_keys(path: Path = paths.PARAMS) -> list[str]:
    """Read the keys of params.yaml whose value is left to the pipeline."""
    return automatic_keys(_content(path, path))


def written(path: Path = paths.PARAMS) -> dict[str, Any]:
    """Read every parameter as it is written, unchecked, by its dotted key."""
    return flatten(_content(path, path))


def _put(content: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        content = content[section]
    content[last] = value


def _content(path: Path, name: Path) -> dict[str, Any]:
    try:
        return yaml_text.load(path.read_bytes())
    except FileNotFoundError:
        raise ParamsError(f"{name}: no such file. Run from the repository root.") from None
    except OSError as error:
        raise ParamsError(f"{name}: cannot be read: {error.strerror}") from None
    except yaml_text.YamlTextError as error:
        raise ParamsError(f"{name}: {error}") from None
