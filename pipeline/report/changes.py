"""The changes between two revisions: values, stages, and the cost of the search."""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from pipeline.base.code_digest import differing
from pipeline.base.paths import CODE
from pipeline.config.dvc_yaml import Pipeline, flatten
from pipeline.report.results import Results


@dataclass(frozen=True)
class Change:
    """One value, old and new; None if it does not exist."""

    key: str
    old: Any
    new: Any

    @property
    def changed(self) -> bool:
        """Whether the old and the new value differ."""
        return self.old != self.new


def values(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Compare two nested mappings by dotted key, in the order of the newer one."""
    before, after = flatten(old), flatten(new)
    keys = [*after, *(key for key in before if key not in after)]
    return [Change(key, before.get(key), after.get(key)) for key in keys]


@dataclass(frozen=True)
class Stage:
    """The status of one stage in the newer revision.

    Attributes:
        name: Its name in dvc.lock.
        status: "rerun", "unchanged", "new" or "removed".
        because: The dependencies and parameters that changed.
        same_output: Whether it was rerun and wrote the same outputs as before.
        unexplained: Whether its outputs changed although nothing that it depends on did.
    """

    name: str
    status: str
    because: list[str]
    same_output: bool
    unexplained: bool = False


def stages(base: Results, head: Results) -> list[Stage]:
    """Compare the two dvc.lock files: which stages were rerun, and which came from the cache.

    They stand in the order of dvc.yaml; DVC appends a stage to dvc.lock when it first runs.
    """
    found = []
    for name, entry in head.lock.items():
        before = base.lock.get(name)
        if before is None:
            found.append(Stage(name, "new", [], False))
        elif before == entry:
            found.append(Stage(name, "unchanged", [], False))
        else:
            because = _differing(before, entry, base, head)
            same = _digests(before, "outs") == _digests(entry, "outs")
            unexplained = not because and not same and before.get("cmd") == entry.get("cmd")
            found.append(Stage(name, "rerun", because, same, unexplained))
    gone = [name for name in base.lock if name not in head.lock]
    found += [Stage(name, "removed", [], False) for name in gone]
    order = [*head.yaml("dvc.yaml", Pipeline).get("stages", {})]
    names = [stage.name.partition("@")[0] for stage in found]
    places = [order.index(name) if name in order else len(order) for name in names]
    return [stage for _, stage in sorted(zip(places, found, strict=True), key=itemgetter(0))]


@dataclass(frozen=True)
class Search:
    """The cost and the outcome of one architecture's search.

    `optimism` is how much too high the best score is, because it is the best of several; None in
    results of older versions.
    """

    architecture: str
    trials: int
    failed: int
    epochs: int
    val_accuracy: float
    standard_error: float
    optimism: float | None
    rerun: bool


def searches(head: Results, ran: list[Stage]) -> list[Search]:
    """Return the searches of the newer revision; those of `ran` are marked as rerun."""
    new = {stage.name for stage in ran if stage.status in ("rerun", "new")}
    return [
        Search(
            name,
            found["trials"],
            found["failed"],
            found["epochs"],
            found["val_accuracy"],
            found["standard_error"],
            found["optimism"],
            f"tune@{name}" in new,
        )
        for name, found in head.searches().items()
    ]


def _differing(
    before: dict[str, Any], after: dict[str, Any], base: Results, head: Results
) -> list[str]:
    """Return the changed dependencies and parameters of a stage; changed code is listed by file."""
    old, new = _digests(before, "deps"), _digests(after, "deps")
    paths: list[str] = []
    for path in differing(old, new):
        if path.startswith(f"{CODE.as_posix()}/"):
            paths += differing(base.json(path), head.json(path))
        else:
            paths.append(path)
    was, now = before.get("params", {}), after.get("params", {})
    params = [
        f"{file}: {change.key}"
        for file in {**now, **was}
        for change in values(was.get(file, {}), now.get(file, {}))
        if change.changed
    ]
    return paths + params


def _digests(entry: dict[str, Any], part: str) -> dict[str, str]:
    return {item["path"]: item["md5"] for item in entry.get(part, [])}
