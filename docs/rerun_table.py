"""Which stages a change makes DVC run: the table in docs/reruns.md, derived from dvc.yaml.

`python docs/rerun_table.py` writes the page (`make docs`).
"""

from pathlib import Path

from dvc.repo import Repo
from ruamel.yaml import YAML

from pipeline.config.dvc_yaml import flatten

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/reruns.md"
TEXT = """# What reruns when

Made from `dvc.yaml` by `make docs`. `tests/test_graph.py` proves that `dvc.yaml` lists what the
code really imports and reads, `tests/test_reruns.py` that DVC then runs just these stages.

The stages named are those that the change reaches directly. What follows them runs only if their
outputs come out different: a search that ends with the same winner leaves training and evaluation
alone. `*` stands for every stage of that name. Stage `check` runs at every change of a parameter;
its output never changes. Comments and formatting of `params.yaml` rerun nothing, and a value that
is changed back is served from DVC's run cache.

## A parameter

| parameter | stages |
| --- | --- |
{parameters}

An entry added to `architectures` is tuned; the others are not tuned again.

## A file

| file | stages |
| --- | --- |
{files}

Files that no row names are read by no stage. The architecture files that win, or serve as the
baseline, reach `train` through the specification that `select` writes.
`{dataset}` stands for the data set that `dataset.name` names.
"""


def direct(root=ROOT):
    """Say for each parameter and each file of pipeline/ which stages depend on it."""
    with Repo(str(root)) as repo:
        stages = list(repo.index.stages)
    values = flatten(YAML(typ="safe").load((root / "params.yaml").read_text()))
    table = {f"params.yaml: {key}": set() for key in values}
    for file in sorted((root / "pipeline").rglob("*.py")):
        table[str(file.relative_to(root))] = set()
    for stage in stages:
        for dep in stage.deps:
            if dep.def_path in table:
                table[dep.def_path].add(stage.name)
            elif dep.def_path == "params.yaml":
                for key in values:
                    listed = getattr(dep, "params", [])
                    if not listed or any(f"{key}.".startswith(f"{name}.") for name in listed):
                        table[f"params.yaml: {key}"].add(stage.name)
    return table


def page():
    """Write docs/reruns.md as text."""
    table = direct()
    everything = set().union(*table.values())
    rows = {"params": [], "files": []}
    for what, stages in table.items():
        kind = "params" if what.startswith("params.yaml: ") else "files"
        shown = _collapse(stages - ({"check"} if kind == "params" else set()), everything)
        if shown:
            rows[kind].append(f"| `{what.removeprefix('params.yaml: ')}` | {shown} |")
    dataset = YAML(typ="safe").load((ROOT / "params.yaml").read_text())["dataset"]["name"]
    return TEXT.format(
        parameters="\n".join(rows["params"]),
        files="\n".join(rows["files"]),
        dataset=f"pipeline/datasets/{dataset}.py",
    )


def _collapse(stages, everything):
    """List stages in the pipeline's order, `tune@*` for all of a name."""
    order = [
        "check",
        "download",
        "split",
        "tune",
        "explain",
        "confirm",
        "select",
        "train",
        "evaluate",
    ]
    shown = []
    for name in order:
        mine = {stage for stage in stages if stage.partition("@")[0] == name}
        alike = {stage for stage in everything if stage.partition("@")[0] == name}
        if mine and mine == alike:
            shown.append(f"{name}@*" if "@" in next(iter(mine)) else name)
        else:
            shown += sorted(mine)
    if shown == [*order[:3], "tune@*", "explain", "confirm", "select", "train@*", "evaluate"]:
        return "all"
    return ", ".join(shown)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
