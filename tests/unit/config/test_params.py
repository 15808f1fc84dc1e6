from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.config import params
from pipeline.config.params import ParamsError

COMMITTED = Path(__file__).parents[3] / "params.yaml"


def changed(tmp_path, **settings):
    """Write params.yaml with some dotted keys set; None removes the key."""
    yaml = YAML()
    content = yaml.load(COMMITTED.read_text())
    for key, value in settings.items():
        *sections, last = key.split("__")
        section = content
        for name in sections:
            section = section[name]
        if value is None:
            del section[last]
        else:
            section[last] = value
    path = tmp_path / "params.yaml"
    yaml.dump(content, path)
    return path


def error(tmp_path, **settings):
    with pytest.raises(ParamsError) as caught:
        params.load(changed(tmp_path, **settings))
    return str(caught.value)


def test_the_committed_file_is_valid():
    assert params.load(COMMITTED).dataset.name == "digits"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("tune__trials", -3, ["tune.trials = -3", "a whole number from 1 to 100,000"]),
        ("tune__trials", True, ["tune.trials = true", "whole number"]),
        ("tune__trials", 2.5, ["tune.trials = 2.5", "whole number"]),
        ("split__validation_fraction", 2, ["split.validation_fraction = 2", "less than 1"]),
        ("split__validation_fraction", "1/0", ["split.validation_fraction = '1/0'", '"1/6"']),
        ("split__validation_fraction", float("nan"), ["split.validation_fraction = nan"]),
        (
            "tune__algorithm",
            "rnadom",
            ["tune.algorithm = 'rnadom'", "random, bayesian, hyperband or grid"],
        ),
        ("train__seeds", [1, 1], ["train.seeds = [1, 1]", "without repeats"]),
        ("train__seeds", [], ["train.seeds = []", "at least one"]),
        ("train__seeds", [-1], ["train.seeds[0] = -1", "from 0 to"]),
        ("select__baseline", "vggg", ["select.baseline = 'vggg'", "simple_cnn"]),
        ("tune__epochs", None, ["tune.epochs: missing"]),
        ("tune__epochs", 0, ["tune.epochs = 0", "from 1 to 100,000, or auto"]),
        ("fit__schedule", "x", ["fit.schedule = 'x'", "one_cycle, or auto"]),
        ("tune__trials", "auto", ["tune.trials = 'auto'", "auto is allowed for tune.epochs,"]),
        ("select__confirm", 5, ["select.confirm = 5", "a section", "seeds, top, or null, or auto"]),
        (
            "tune__batch_sizes",
            3,
            ["tune.batch_sizes = 3", "a list of at least one entry", "or null, or auto"],
        ),
        ("dataset__fit", "fill", ["dataset.fit = 'fill'", "auto, pad, crop or squash"]),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(tmp_path, key, value, expected):
    message = error(tmp_path, **{key: value})
    for part in ["params.yaml: ", *expected]:
        assert part in message


def test_a_mistyped_name_gets_the_near_miss_and_the_choices(tmp_path):
    message = error(tmp_path, dataset__name="mnits")
    assert "dataset.name = 'mnits'" in message
    assert "did you mean 'mnist'?" in message
    assert "allowed: " in message
    assert "fashion_mnist" in message


def test_a_mistyped_architecture_is_one_message(tmp_path):
    assert len(error(tmp_path, architectures=["mlp", "simple_cn"]).splitlines()) == 1


def test_an_unknown_key_gets_the_near_miss(tmp_path):
    message = error(tmp_path, tune__trails=3)
    assert "tune.trails: unknown key; did you mean 'trials'?" in message


def test_all_problems_are_told_at_once(tmp_path):
    message = error(tmp_path, tune__trials=0, dataset__name="x")
    assert len(message.splitlines()) == 2


def test_a_fraction_may_be_written_as_one(tmp_path):
    settings = params.load(changed(tmp_path, split__validation_fraction="1/6"))
    assert settings.split.validation_fraction == pytest.approx(1 / 6, abs=1e-15)


def test_a_missing_file_says_where_to_run(tmp_path):
    with pytest.raises(ParamsError, match="repository root"):
        params.load(tmp_path / "params.yaml")


def test_broken_yaml_is_named(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("tune: [")
    with pytest.raises(ParamsError, match="not valid YAML"):
        params.load(path)
