"""Which stages a change makes DVC run: the table in docs/reruns.md, derived from dvc.yaml.

`python docs/rerun_table.py` writes the page (`make docs`).
"""

from pathlib import Path

from dvc.repo import Repo
from ruamel.yaml import YAML

from pipeline.base import code_digest, paths
from pipeline.config.dvc_yaml import flatten

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/reruns.md"
TEXT = """# What reruns when

Made from `dvc.yaml` and the code by `make docs`. `tests/pipeline/test_graph.py` watches every stage
run and compares what it imports, reads and opens with what is listed;
`tests/pipeline/test_reruns.py` shows that DVC then runs just these stages.

The stages named are those that the change reaches directly. What follows them runs only if their
outputs come out different: a search that ends with the same winner leaves training and evaluation
alone, and where a value is `auto`, stages that read it run only if `settings` chooses another one.
`*` stands for every stage of that name. Stage `check` runs at every change of a parameter, stage
`code` at every change of a file; what they write decides what follows. Comments and formatting of
`params.yaml` rerun nothing, and a value that is changed back is served from DVC's run cache.

## A parameter

| parameter | stages |
| --- | --- |
{parameters}

An entry added to `architectures` is tuned; the others are not tuned again.

## A file of `pipeline/`

| folder | files | stages |
| --- | --- | --- |
{files}

Files that no row names are read by no stage but `code`. `select` writes the digest of the chosen
architecture's file into what it hands to `train`, so an edit of another architecture does not train
again. `{dataset}` stands for the data set that `dataset.name` names.
"""
ALWAYS = {"check", "code"}


def direct(root=ROOT):
    """Return for each parameter and each file of pipeline/ the stages that depend on it."""
    with Repo(str(root)) as repo:
        stages = list(repo.index.stages)
    values = flatten(YAML(typ="safe").load((root / "params.yaml").read_text()))
    sources = code_digest.read()
    table = {f"params.yaml: {key}": set() for key in values} | {file: set() for file in sources}
    for stage in stages:
        for dep in stage.deps:
            if dep.def_path in table:
                table[dep.def_path].add(stage.name)
            elif dep.def_path == str(paths.ARCHITECTURE_DIGESTS):
                for name in code_digest.architectures(sources):
                    table[f"{paths.ARCHITECTURES}/{name}.py"].add(stage.name)
            elif dep.def_path.startswith(f"{paths.CODE}/"):
                for file in code_digest.entry(sources, Path(dep.def_path).stem):
                    table[file].add(stage.name)
            elif dep.def_path == "params.yaml":
                for key in values:
                    listed = getattr(dep, "params", [])
                    if not listed or any(f"{key}.".startswith(f"{name}.") for name in listed):
                        table[f"params.yaml: {key}"].add(stage.name)
    return table


def page():
    """Return docs/reruns.md as text."""
    table = direct()
    everything = set().union(*table.values())
    parameters, rooms = [], {}
    for what, stages in table.items():
        shown = _collapse(stages - ALWAYS, everything)
        if what.startswith("params.yaml: "):
            parameters.append(f"| `{what.removeprefix('params.yaml: ')}` | {shown or 'none'} |")
        elif shown:
            rooms.setdefault((str(Path(what).parent), shown), []).append(Path(what).stem)
    files = [
        f"| `{room}/` | {', '.join(f'`{name}`' for name in names)} | {shown} |"
        for (room, shown), names in rooms.items()
    ]
    dataset = YAML(typ="safe").load((ROOT / "params.yaml").read_text())["dataset"]["name"]
    return TEXT.format(
        parameters="\n".join(parameters),
        files="\n".join(files),
        dataset=f"pipeline/datasets/{dataset}.py",
    )


def _collapse(stages, everything):
    """List stages in the pipeline's order, `tune@*` for all of a name."""
    order = [
        "download",
        "split",
        "settings",
        "tune",
        "explain",
        "confirm",
        "select",
        "train",
        "evaluate",
        "summary",
    ]
    shown = []
    for name in order:
        mine = {stage for stage in stages if stage.partition("@")[0] == name}
        alike = {stage for stage in everything if stage.partition("@")[0] == name}
        if mine and mine == alike:
            shown.append(f"{name}@*" if "@" in next(iter(mine)) else name)
        else:
            shown += sorted(mine)
    if shown == [f"{name}@*" if name in ("tune", "train") else name for name in order]:
        return "all"
    return ", ".join(shown)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
