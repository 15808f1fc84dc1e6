"""What dvc.yaml and results/code/ say of each stage is what it imports, reads and opens.

Observed, not parsed: every stage runs once, and what it does is noted (`support/observing.py`).
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.repo import Repo
from support.observing import Observed, leaves
from support.project import FROM_SPLIT, LEAST, ROOT, run, write_params

from pipeline.base import code_digest, paths
from pipeline.config import automatic, params

RUNS = ["check", "download", *FROM_SPLIT]
# Imported by every stage of this kind, but only on some occasion that does not occur here.
ON_OCCASION = {
    "pipeline/workers/cluster.py": "a Dask scheduler is named",
    "pipeline/workers/remote.py": "a Dask scheduler is named",
}
# Read by other data sets than the one that is run here.
OF_OTHER_DATA = {
    "dataset.labels",
    "dataset.path",
    "dataset.image_size",
    "dataset.fit",
    "dataset.channels",
}


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """Run every stage once on digits, in a process of their own; return what each did."""
    folder = tmp_path_factory.mktemp("observed")
    (folder / "pipeline").symlink_to(ROOT / "pipeline")
    (folder / "data/images").mkdir(parents=True)
    write_params(folder, LEAST)
    path = os.pathsep.join(map(str, (folder, ROOT / "tests")))
    # In one process, where all that a training opens and imports is seen.
    alone = {"PYTHONPATH": path, "CONVOY_WORKERS": "1"}
    run(sys.executable, "-m", "support.observing", "code", *RUNS, cwd=folder, **alone)
    found = json.loads((folder / "observed.json").read_text())
    return {stage: Observed(**{k: set(v) for k, v in did.items()}) for stage, did in found.items()}


@pytest.fixture(scope="module")
def stages():
    """Return the stages as DVC resolves them, by name."""
    with Repo(str(ROOT)) as repo:
        return {stage.name: stage for stage in repo.index.stages}


@pytest.fixture(scope="module")
def sources():
    return code_digest.read()


def listed(stage):
    """Return the files and folders that a stage depends on."""
    return {dep.def_path for dep in stage.deps}


def test_every_stage_depends_on_its_own_code_and_no_module_but_a_named_one(stages):
    assert listed(stages["code"]) == {"pipeline"}
    for name, stage in stages.items():
        if name == "code":
            continue
        plain, _, item = name.partition("@")
        expected = {paths.code(plain).as_posix()}
        # Which architecture is the baseline is known only when `settings` has run.
        expected |= {paths.ARCHITECTURE_DIGESTS.as_posix()} if plain == "select" else set()
        assert {p for p in listed(stage) if p.startswith("results/code/")} == expected
        named = {p for p in listed(stage) if p.startswith("pipeline")}
        expected = {
            "download": {"pipeline/datasets/digits.py"},
            "split": {"pipeline/datasets/digits.py"},
            "tune": {f"pipeline/architectures/{item}.py"},
        }
        assert named == expected.get(plain, set())


@pytest.mark.parametrize("name", RUNS)
def test_the_code_written_down_is_the_code_imported(name, observed, sources):
    entry = set(code_digest.entry(sources, name.partition("@")[0]))
    imported = {f for f in observed[name].modules if not f.startswith(code_digest.WATCHERS)}
    by_name = {
        file
        for room in code_digest.LOADERS.values()
        for file in sources
        if file.startswith(f"{room}/") and not file.endswith("__init__.py")
    }
    assert imported - by_name <= entry, "imported, but not written down"
    not_met = {file for file in entry - imported if file not in ON_OCCASION}
    # Of a room whose files are chosen by name, another choice may import these.
    others = set()
    for loader, room in code_digest.LOADERS.items():
        if loader in entry:
            files = [file for file in by_name if file.startswith(f"{room}/")]
            names = [file.removesuffix(".py").replace("/", ".") for file in files]
            others |= code_digest.imported(sources, *names)
    assert not_met <= others, "written down, but not imported"


@pytest.mark.parametrize("name", [name for name in RUNS if name != "check"])
def test_a_stage_lists_exactly_the_parameters_it_reads(name, observed, stages):
    everything = params.load(ROOT / "params.yaml")
    wanted = [key for dep in stages[name].deps for key in getattr(dep, "params", [])]
    keys = {
        leaf
        for leaf in leaves(everything)
        if any(f"{leaf}.".startswith(f"{key}.") for key in wanted)
    }
    if name == "settings":  # it reads the file as it is written, and of these keys alone
        assert all(any(f"{key}.".startswith(f"{w}.") for w in wanted) for key in automatic.FIXED)
        assert "architectures" in wanted
        return
    # Off in the committed file, so its own keys are not there to be listed.
    read = {
        re.sub(r"^select\.confirm\..*", "select.confirm", key) for key in observed[name].parameters
    }
    assert read <= keys, "read, but not listed"
    assert keys - read <= (OF_OTHER_DATA if name == "split" else set()), "listed, but not read"


def test_each_stage_opens_exactly_the_data_it_lists(observed, stages):
    for name, found in observed.items():
        data = {dep.def_path for dep in stages[name].deps if not getattr(dep, "params", [])}
        deps = {path for path in data if not path.startswith(("pipeline", "results/code/"))}
        # The folder of the user's own pictures is read by data set `folder` alone.
        deps -= {"params.yaml", "data/checked", "data/images"}
        # Published weights are read by the architecture that begins from them.
        deps -= {"data/weights"}
        outs = {out.def_path for out in stages[name].outs}
        inside = {d for d in deps for f in found.files if Path(f).is_relative_to(d)}
        assert inside == deps, f"{name} lists but does not open {sorted(deps - inside)}"
        known = listed(stages[name]) | outs
        unlisted = {f for f in found.files if not any(Path(f).is_relative_to(d) for d in known)}
        scratch = {f for f in unlisted if Path(f).name.startswith(".") or "/." in f}
        assert unlisted == scratch, f"{name} opens but does not list {sorted(unlisted - scratch)}"


def test_check_comes_first_and_sees_all_of_params_yaml(stages):
    assert listed(stages["check"]) == {"results/code/check.json", "params.yaml"}
    assert "data/checked" in listed(stages["download"])


def test_only_evaluate_depends_on_the_test_images(stages):
    readers = [
        name
        for name, stage in stages.items()
        if any(d.startswith("data/split") and "test" in d for d in listed(stage))
    ]
    assert readers == ["evaluate"]
    assert not any("data/split" in listed(stage) for stage in stages.values())


@pytest.mark.parametrize(
    "module", ["check", "code", "download", "split", "confirm", "select", "summary"]
)
def test_a_stage_that_needs_no_tensorflow_does_not_import_it(module):
    code = f"import sys, pipeline.stages.{module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"tensorflow", "keras", "keras_tuner"} & set(loaded)


def test_every_architecture_and_data_set_can_be_found():
    for room in ("datasets", "architectures"):
        for file in (ROOT / "pipeline" / room).glob("[!_]*.py"):
            assert re.fullmatch(r"[a-z][a-z0-9_]*", file.stem), f"{file} cannot be typed by a user"


def test_a_room_imports_only_rooms_above_it_in_the_table_of_the_design(sources):
    text = (ROOT / "docs/design.md").read_text().partition("## Outside git")[0]
    rooms = re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE)
    assert sorted(rooms) == sorted(p.parent.name for p in (ROOT / "pipeline").glob("*/__init__.py"))
    for file, source in sources.items():
        room = file.split("/")[1] if file.count("/") > 1 else ""
        for name in code_digest.direct_imports(file, source):
            other = name.split(".")[1] if name.count(".") > 1 else ""
            if room and other:
                assert rooms.index(other) <= rooms.index(room), f"{file} imports {name}"
