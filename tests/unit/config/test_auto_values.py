import json

import pytest
from ruamel.yaml import YAML
from support.project import write_params

from pipeline.base import paths
from pipeline.config import automatic, params
from pipeline.config.params import ParamsError
from pipeline.stages import check, settings


@pytest.fixture
def folder(workspace):
    """Return a workspace in which everything that may be left to the pipeline is left to it."""
    yaml = YAML()
    content = yaml.load(paths.PARAMS.read_text())
    for key in automatic.FIXED:
        *sections, last = key.split(".")
        section = content
        for name in sections:
            section = section[name]
        section[last] = "auto"
    content["dataset"]["name"] = "folder"
    content["architectures"] = ["mlp", "picture_cnn", "pretrained"]
    yaml.dump(content, paths.PARAMS)
    return workspace


def write_report(images=1360, **pictures):
    report = {
        "train": {"images": images, "per_class": [["a", 680], ["b", 680]]},
        "validation": {"images": 272},
    }
    if pictures:
        report["pictures"] = pictures
    paths.DATA_REPORT.parent.mkdir(exist_ok=True)
    paths.DATA_REPORT.write_text(json.dumps(report))


def chosen(**facts):
    write_report(**facts)
    settings.main(params.load())
    return params.load()


PHOTOS = {"name": "p", "width": 120.0, "height": 100.0, "coloured": True, "image_size": 128}


def test_what_is_chosen_for_photographs_is_what_stages_read(folder, capsys):
    found = chosen(**PHOTOS)
    assert (found.tune.epochs, found.train.epochs, found.train.threads) == (12, 36, 1)
    assert found.select.confirm == params.Confirm(top=2, seeds=3)
    assert found.select.baseline == "picture_cnn"
    assert found.fit.augment.shift == 12
    assert found.tune.trial_seconds == 2720
    assert params.epochs_of("pretrained", "train", found.train.epochs) == 12
    assert params.epochs_of("picture_cnn", "train", found.train.epochs) == 36
    assert "train.epochs = 36: 1,500 steps of 32 images take 36" in capsys.readouterr().out


def test_a_built_in_data_set_has_fixed_values(folder):
    found = chosen(images=50_000)
    assert (found.tune.epochs, found.train.epochs, found.select.confirm) == (4, 6, None)
    assert found.tune.trial_seconds is None
    assert found.fit.schedule == "one_cycle"
    assert params.epochs_of("pretrained", "train", 6) == 6


def test_a_small_one_is_trained_for_more_epochs(folder):
    assert chosen(images=1_198).train.epochs == 12


def test_what_params_yaml_names_is_left_as_it_is(folder):
    yaml = YAML()
    content = yaml.load(paths.PARAMS.read_text())
    content["train"]["epochs"] = 5
    yaml.dump(content, paths.PARAMS)
    found = chosen(**PHOTOS)
    assert (found.train.epochs, params.epochs_of("pretrained", "train", 5)) == (5, 5)
    written = json.loads(paths.SETTINGS.read_text())
    assert written["train"]["epochs"] is None
    assert "train.epochs" not in written["because"]
    # Taken back, it is chosen again, although that file has nothing for it yet.
    content["train"]["epochs"] = "auto"
    yaml.dump(content, paths.PARAMS)
    assert chosen(**PHOTOS).train.epochs == 36


def test_what_is_not_searched_is_written_down_with_its_reason(folder):
    chosen(**PHOTOS)
    written = json.loads(paths.SETTINGS.read_text())
    assert written["left_out"] == {"mlp": True, "picture_cnn": False, "pretrained": False}
    assert "not for pictures" in written["because"]["mlp"]


def test_a_pretrained_baseline_whose_weights_are_not_brought_is_refused_before_any_work(workspace):
    write_params(workspace, {"select": {"baseline": "pretrained"}})
    with pytest.raises(ParamsError, match=r"select\.baseline = 'pretrained': its weights"):
        check.main(params.load())
