"""dvc.yaml says exactly what each stage imports and reads: nothing missing, nothing extra."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.repo import Repo
from support import imports

from pipeline.config.params import Params, Train

ROOT = Path(__file__).parents[2]
# Rooms whose modules a stage loads by name: DVC lists the one that is named, and what any of
# them may import.
BY_NAME = {
    "download": "datasets",
    "split": "datasets",
    "tune": "architectures",
    "confirm": "architectures",
    "train": "architectures",
}


@pytest.fixture(scope="module")
def stages():
    """Give the stages as DVC resolves them, by name."""
    with Repo(str(ROOT)) as repo:
        return {stage.name: stage for stage in repo.index.stages}


def names():
    with Repo(str(ROOT)) as repo:
        return sorted(stage.name for stage in repo.index.stages)


def code_of(stage):
    """Name the code that a stage lists."""
    return {dep.def_path for dep in stage.deps if dep.def_path.startswith("pipeline/")}


def expected_code(name):
    plain = name.partition("@")[0]
    files = imports.transitive(f"pipeline.stages.{plain}")
    room = BY_NAME.get(plain)
    if room:
        modules = [p.stem for p in (ROOT / "pipeline" / room).glob("*.py") if p.stem != "__init__"]
        for module in modules:
            own = {f"pipeline/{room}/{other}.py" for other in modules}
            files |= imports.transitive(f"pipeline.{room}.{module}") - own
    return files


def named_module(stage):
    """Name the file that the stage's parameters choose, if it must list one."""
    plain, _, item = stage.name.partition("@")
    if plain in ("download", "split"):
        return {"pipeline/datasets/digits.py"}
    if plain == "tune":
        return {f"pipeline/architectures/{item}.py"}
    # `select` writes down the digest of the baseline's file.
    return {"pipeline/architectures/simple_cnn.py"} if plain == "select" else set()


@pytest.mark.parametrize("name", names())
def test_a_stage_lists_exactly_the_code_it_imports(stages, name):
    listed = code_of(stages[name])
    expected = expected_code(name) | named_module(stages[name])
    assert listed == expected, (
        f"dvc.yaml, {name}: add {sorted(expected - listed)}, remove {sorted(listed - expected)}"
    )


class _Reads(ast.NodeVisitor):
    """Collect which settings a stage's source reads, as dotted keys."""

    def __init__(self):
        self.roots = {}
        self.keys = set()

    def visit_Assign(self, node):
        chain = _chain(node.value)
        if chain is not None and isinstance(node.targets[0], ast.Name):
            self.roots[node.targets[0].id] = chain
            return
        self.generic_visit(node)

    def visit_Attribute(self, node):
        chain = _chain(node, self.roots)
        if chain is None:
            self.generic_visit(node)
        else:
            self.keys.add(".".join(chain))

    def visit_Name(self, node):
        if self.roots.get(node.id):
            self.keys.add(".".join(self.roots[node.id]))


def _chain(node, roots=None):
    """Give the keys of `params.load().a.b` or, for a name bound to it, of `name.a.b`."""
    keys = []
    while isinstance(node, ast.Attribute):
        keys.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "params.load":
        return keys
    if roots is not None and isinstance(node, ast.Name) and node.id in roots:
        return roots[node.id] + keys
    return None


def leaves(key):
    """Name every parameter at or below a dotted key."""
    if key == "train.conditions":
        source = inspect.getsource(Train.conditions)
        used = [name for name in Train.model_fields if f"self.{name}" in source]
        return {leaf for name in used for leaf in leaves(f"train.{name}")}
    section = Params
    for part in key.split("."):
        section = section.model_fields[part].annotation
    below = getattr(section, "model_fields", None)
    if below is None:
        return {key}
    return {leaf for name in below for leaf in leaves(f"{key}.{name}")}


def parameters_read(plain):
    reads = _Reads()
    reads.visit(ast.parse((ROOT / f"pipeline/stages/{plain}.py").read_text()))
    return {leaf for key in reads.keys for leaf in leaves(key)}


def parameters_listed(stage):
    return {
        leaf for dep in stage.deps for key in getattr(dep, "params", []) for leaf in leaves(key)
    }


@pytest.mark.parametrize("name", [name for name in names() if name != "check"])
def test_a_stage_lists_exactly_the_parameters_it_reads(stages, name):
    read, listed = parameters_read(name.partition("@")[0]), parameters_listed(stages[name])
    assert listed == read, (
        f"dvc.yaml, {name}: add {sorted(read - listed)}, remove {sorted(listed - read)}"
    )


def test_check_comes_first_and_sees_all_of_params_yaml(stages):
    assert [dep.def_path for dep in stages["check"].deps if not dep.def_path.startswith("pip")] == [
        "params.yaml"
    ]
    assert "data/checked" in {dep.def_path for dep in stages["download"].deps}


def test_only_evaluate_depends_on_the_test_images(stages):
    readers = [
        name
        for name, stage in stages.items()
        if any(
            dep.def_path.startswith("data/split") and "test" in dep.def_path for dep in stage.deps
        )
    ]
    assert readers == ["evaluate"]
    assert not any(dep.def_path == "data/split" for stage in stages.values() for dep in stage.deps)


@pytest.mark.parametrize("module", ["check", "download", "split", "confirm", "select"])
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
