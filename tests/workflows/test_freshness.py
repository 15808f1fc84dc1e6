import re
import shutil

import pytest
from dvc.repo import Repo
from support import toy_pipeline
from support.project import run
from support.repositories import commit, git

from pipeline.report import freshness, snapshots
from pipeline.report.results import Results


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return toy_pipeline.finished(tmp_path_factory.mktemp("once") / "small")


@pytest.fixture
def project(once, tmp_path):
    return shutil.copytree(once, tmp_path / "small", symlinks=True)


def stale(folder):
    return freshness.stale(Results(snapshots.workspace(folder)))


def replace(name, old, new):
    def edit(folder):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return edit


def added(name, text):
    return lambda folder: (folder / name).write_text((folder / name).read_text() + text)


ANOTHER = "  another:\n    cmd: echo\n    deps: [pipeline/base/paths.py]\n"
C_JSON = "      - results/c.json:\n          cache: false\n"


@pytest.mark.parametrize(
    ("edit", "stages"),
    [
        (lambda _: None, set()),
        (added("pipeline/base/files.py", "# edited"), {"download"}),
        (replace("params.yaml", "epochs: 1", "epochs: 2"), {"check", "train"}),
        (added("params.yaml", "more: 1\n"), {"check"}),
        (replace("dvc.yaml", "echo ok", "echo yes"), {"check"}),
        (replace("dvc.yaml", "      - seed\n", "      - seed\n      - dataset\n"), {"train"}),
        (replace("dvc.yaml", "      - seed\n", ""), set()),
        (
            replace("dvc.yaml", "paths.py\n", "paths.py\n      - pipeline/base/files.py\n"),
            {"train"},
        ),
        (replace("dvc.yaml", "      - pipeline/base/paths.py\n", ""), set()),
        (added("dvc.yaml", C_JSON), {"train"}),
        (replace("dvc.yaml", C_JSON.replace("c.json", "b.json"), ""), set()),
        (replace("results/a.json", "1", "3"), {"train"}),
        (lambda folder: (folder / "results/a.json").unlink(), {"train"}),
        (added("dvc.yaml", ANOTHER), {"another"}),
        (
            replace("dvc.yaml", "  train:" + toy_pipeline.STAGES.partition("  train:")[2], ""),
            set(),
        ),
    ],
)
def test_it_agrees_with_dvc(project, edit, stages):
    edit(project)
    with Repo(str(project)) as repo:
        assert {name.rpartition(":")[2] for name in repo.status()} == stages
    assert {line.partition(":")[0] for line in stale(project)} == stages


def test_what_is_stale_is_named_where_dvc_only_misses_data(project, tmp_path):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(project), str(clone))
    assert stale(clone) == []
    replace("params.yaml", "seed: 2", "seed: 3")(clone)
    answer = run("dvc", "repro", "--dry", "--allow-missing", cwd=clone, check=False).stdout
    assert "No such file or directory" in answer
    assert stale(clone) == [
        "check: seed in params.yaml changed",
        "train: seed in params.yaml changed",
    ]


@pytest.mark.parametrize("place", ["elsewhere", "../beside/", "data/images"])
def test_pictures_that_git_does_not_have_are_no_warning(tmp_path, place):
    absolute = place == "elsewhere"
    folder = toy_pipeline.finished(tmp_path / "small", str(tmp_path / place) if absolute else place)
    clone = tmp_path / "somewhere/deeper/clone"
    git(tmp_path, "clone", "-q", str(folder), str(clone))
    shutil.rmtree(tmp_path / place, ignore_errors=True)
    shutil.rmtree(tmp_path / "beside", ignore_errors=True)
    assert stale(clone) == []


def test_pictures_under_dvc_are_compared_by_what_git_has_of_them(tmp_path):
    folder = toy_pipeline.finished(tmp_path / "small", "data/mine")
    run("dvc", "add", "-q", "data/mine", cwd=folder)
    commit(folder, "the pictures are under DVC")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(folder), str(clone))
    assert stale(clone) == []
    assert freshness.stale(Results(_revision(clone))) == []
    pointer = clone / "data/mine.dvc"
    pointer.write_text(re.sub(r"md5: \w+", f"md5: {'0' * 32}", pointer.read_text()))
    assert stale(clone) == ["train: data/mine changed"]


def _revision(clone):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(clone)
        return snapshots.revision("HEAD")
