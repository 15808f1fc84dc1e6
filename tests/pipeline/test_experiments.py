"""Every committed experiment is valid, and DVC takes it as we hand it over."""

import shlex
import subprocess

import pytest
from dvc.utils.hydra import apply_overrides
from support.project import ROOT, run

from pipeline.base.errors import ConvoyError
from pipeline.commands import call, experiments
from pipeline.config import params
from pipeline.search.space import search_space
from pipeline.training import models

NAMES = sorted(file.stem for file in (ROOT / "experiments").glob("*.yaml"))
SHAPES = {
    "digits": (28, 28, 1),
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
    "folder": (32, 32, 3),
}


@pytest.mark.parametrize("name", NAMES)
def test_dvc_makes_of_it_what_we_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    expected = experiments.load(name)
    copy = tmp_path / "params.yaml"
    copy.write_text((ROOT / "params.yaml").read_text())
    apply_overrides(str(copy), experiments.changes(name))
    assert params.load(copy) == expected
    assert expected != params.load(ROOT / "params.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_what_it_fixes_is_on_offer_and_builds(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    settings = experiments.load(name)
    shape = SHAPES[settings.dataset.name]
    for architecture, fixed in settings.tune.fixed.items():
        assert architecture in settings.architectures
        values = search_space(architecture, shape, 10, fixed).values
        models.build(architecture, {k: values[k] for k in fixed}, shape, 10)


def test_a_wrong_name_and_a_wrong_value_are_refused(tmp_path, monkeypatch):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    (tmp_path / "experiments/bad.yaml").write_text("# bad\ntune: {trials: none}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConvoyError, match="no such experiment: worse; there are bad"):
        experiments.changes("worse")
    with pytest.raises(ConvoyError, match=r"^experiments/bad\.yaml: tune\.trials = 'none'"):
        experiments.changes("bad")
    (tmp_path / "experiments/bad.yaml").write_bytes("# é\ntune: {trials: 1}\n".encode("latin-1"))
    with pytest.raises(ConvoyError, match=r"^experiments/bad\.yaml: not UTF-8"):
        experiments.changes("bad")
    (tmp_path / "experiments/bad.yaml").write_text(f"tune: {{trials: 0x{'f' * 5000}}}\n")
    with pytest.raises(
        ConvoyError, match=r"tune\.trials = a whole number of 6,021 digits: allowed: a"
    ):
        experiments.changes("bad")
    experiments.show()


def test_the_command_that_is_printed_can_be_pasted(make_clone, monkeypatch, capsys):
    monkeypatch.chdir(make_clone())
    monkeypatch.setattr(call, "dvc", _all_but_the_run(call.dvc, started := []))
    experiments.start("mnist_fast", ["--queue"])
    printed = capsys.readouterr().out.replace("\\\n", " ").splitlines()[-1]
    assert shlex.split(printed) == ["dvc", *started[0]]
    assert "++train.seeds=[1, 2, 3, 4, 5]" in started[0]


def test_one_that_has_run_is_not_run_again_by_accident(finished, monkeypatch):
    monkeypatch.chdir(finished)
    head = run("git", "rev-parse", "HEAD", cwd=finished).stdout.strip()
    kept = f"refs/exps/{head[:2]}/{head[2:]}/{NAMES[0]}"
    run("git", "update-ref", kept, "HEAD", cwd=finished)
    with pytest.raises(ConvoyError, match=f"dvc exp apply {NAMES[0]}.*dvc exp remove"):
        experiments.start(NAMES[0], [])
    run("dvc", "exp", "remove", NAMES[0], cwd=finished)
    monkeypatch.setattr(call, "dvc", _all_but_the_run(call.dvc, started := []))
    experiments.start(NAMES[0], [])
    assert [arguments[:4] for arguments in started] == [("exp", "run", "--name", NAMES[0])]


def test_without_a_name_they_are_listed():
    shown = run("python", "-m", "pipeline", "experiment", cwd=ROOT, COLUMNS="100").stdout
    for name in NAMES:
        assert name in shown


def _all_but_the_run(real, started):
    """Run DVC, except that the experiment itself would take minutes: it is noted in `started`."""

    def dvc(*arguments, **how):
        if arguments[:2] != ("exp", "run"):
            return real(*arguments, **how)
        started.append(arguments)
        return subprocess.CompletedProcess(arguments, 0)

    return dvc
