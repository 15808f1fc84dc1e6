"""Stage `settings`: choose what params.yaml leaves to the pipeline, from what the data hold."""

from collections.abc import Collection, Mapping
from typing import Any

from pipeline.base import paths
from pipeline.base.files import read_json, write_json
from pipeline.config import automatic, params
from pipeline.config.automatic import Choice, Facts
from pipeline.config.budget import Budget
from pipeline.config.params import Params
from pipeline.config.shapes import DataReport
from pipeline.running.terminal import say


def main(settings: Params) -> None:
    """Write the value and the reason of each key that is `auto`; null for the others."""
    report = read_json(paths.DATA_REPORT, DataReport)
    facts = Facts.of(report) if "pictures" in report else None
    choices = automatic.choose(facts) if facts else automatic.fixed(report["train"]["images"])
    keys = params.read_automatic_keys()
    left_out = automatic.unsuited(settings.architectures, facts)
    budget = _budget(settings, choices, keys, len(settings.architectures) - len(left_out))
    choices["select.confirm"] = budget.confirm(choices["select.confirm"])
    choices["select.untuned"] = budget.untuned()
    asked = {key: choices[key] for key in keys}
    chosen = _nested({key: asked[key].value if key in asked else None for key in automatic.FIXED})
    for section, epochs in automatic.own_epochs(facts).items():
        chosen[section]["epochs_of"] = epochs if f"{section}.epochs" in asked else {}
    write_json(
        paths.SETTINGS,
        {
            **chosen,
            "left_out": {name: name in left_out for name in settings.architectures},
            "because": {key: choice.reason for key, choice in asked.items()} | left_out,
        },
    )
    if facts:
        _show(asked, left_out)


def _budget(
    settings: Params, choices: Mapping[str, Choice], keys: Collection[str], searches: int
) -> Budget:
    """Return what a run trains, with what is chosen now in the place of `auto`."""
    trial, training = (
        choices[key].value if key in keys else usual
        for key, usual in (
            ("tune.epochs", settings.tune.epochs),
            ("train.epochs", settings.train.epochs),
        )
    )
    return Budget(searches * settings.tune.trials, trial, len(settings.train.seeds), training)


def _show(asked: dict[str, Choice], left_out: dict[str, str]) -> None:
    for key, choice in asked.items():
        say(f"{key} = {choice.value}: {choice.reason}")
    for name, reason in left_out.items():
        say(f"{name} is not searched: {reason}")


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    """Turn dotted keys into sections."""
    content: dict[str, Any] = {}
    for key, value in values.items():
        *sections, last = key.split(".")
        section = content
        for name in sections:
            section = section.setdefault(name, {})
        section[last] = value
    return content
