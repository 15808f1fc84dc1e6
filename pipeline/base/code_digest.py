"""The code of a stage: the files of `pipeline/` that it imports, and their digests.

The files are found by parsing the source without running it, so this works for any git revision.
"""

import ast
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.base.errors import ConvoyError

ROOT = Path(__file__).parents[2]
PACKAGE = "pipeline"
STAGES = f"{PACKAGE}/stages"

# The packages that support running stages: the guard, the terminal, the record of costs, the import
# of Keras; and what is written for TensorBoard. They affect no byte of any output, so an edit there
# makes no result stale and no finished training unusable.
WATCHERS = (f"{PACKAGE}/running/", f"{PACKAGE}/board/")

# Modules that import a module by name, which a parameter chooses, from the package on the right.
# dvc.yaml lists the chosen file itself, as a reader expects of the parameter; the other files that
# the package's modules import belong to the stage.
LOADERS = {
    f"{PACKAGE}/data/source.py": f"{PACKAGE}/datasets",
    f"{PACKAGE}/training/architecture.py": f"{PACKAGE}/architectures",
}

# Path of a file, relative to the root, and its bytes.
Sources = Mapping[str, bytes]


class SourceError(ConvoyError):
    """A file of `pipeline/` that is not valid Python, or was edited while a stage was starting."""


def read() -> Sources:
    """Read every Python file of `pipeline/` from the disk."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted((ROOT / PACKAGE).rglob("*.py"))
    }


@cache
def loaded() -> Sources:
    """Return the sources as they were when this process first asked.

    A stage asks before it imports anything else, and `check_unchanged` afterwards, so these are
    the sources that it runs.
    """
    return read()


def check_unchanged() -> None:
    """Check that the sources on the disk are still those that this process has loaded.

    Raises:
        SourceError: they are not; the message names the files.
    """
    now, before = read(), loaded()
    if changed := differing(before, now):
        raise SourceError(
            f"{', '.join(changed)}: edited while a stage was starting. Run it again; what is "
            "finished is kept."
        )


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the keys that only one of two mappings has, or that differ, in alphabetical order."""
    return sorted(key for key in {*one, *other} if one.get(key) != other.get(key))


def imported(sources: Sources, *modules: str) -> set[str]:
    """Return every file that importing these modules executes, transitively.

    Files under `WATCHERS` are left out.

    Raises:
        SourceError: a file is not valid Python.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        for file in _files(sources, waiting.pop()):
            if file not in found and not file.startswith(WATCHERS):
                found.add(file)
                waiting.extend(direct_imports(file, sources[file]))
    return found


def stages(sources: Sources) -> list[str]:
    """Return the names of the stages that have an entry: every module in `stages/` but `code`."""
    return [name for name in _modules(sources, STAGES) if name != "code"]


def entry(sources: Sources, stage: str) -> dict[str, str]:
    """Return the SHA-256 of every file of a stage's code, by path."""
    files = imported(sources, f"{PACKAGE}.stages.{stage}")
    for loader, room in LOADERS.items():
        if loader in files:
            chosen = {f"{room}/{name}.py" for name in _modules(sources, room)}
            named = [file.removesuffix(".py").replace("/", ".") for file in chosen]
            files |= imported(sources, *named) - chosen
    return {file: hashlib.sha256(sources[file]).hexdigest() for file in sorted(files)}


def architectures(sources: Sources) -> dict[str, str]:
    """Return the SHA-256 of every architecture's own file, by its name."""
    room = f"{PACKAGE}/architectures"
    names = _modules(sources, room)
    return {name: hashlib.sha256(sources[f"{room}/{name}.py"]).hexdigest() for name in names}


def digest(*modules: str) -> str:
    """Compute one SHA-256 of the names and contents of all files that these modules import."""
    sources = loaded()
    total = hashlib.sha256()
    for file in sorted(imported(sources, *modules)):
        total.update(f"{file} {hashlib.sha256(sources[file]).hexdigest()}\n".encode())
    return total.hexdigest()


def _modules(sources: Sources, room: str) -> list[str]:
    """Return the names of the modules that lie directly in a room."""
    paths = [PurePosixPath(file) for file in sources]
    return sorted(p.stem for p in paths if str(p.parent) == room and not p.stem.startswith("_"))


def _files(sources: Sources, name: str) -> list[str]:
    """Return the files that `import name` executes: its parent packages, then the module."""
    parts = name.split(".")
    bases = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    files = [file for base in bases for file in (f"{base}/__init__.py", f"{base}.py")]
    return [file for file in files if file in sources]


@cache
def direct_imports(file: str, source: bytes) -> tuple[str, ...]:
    """Return the names of modules of `pipeline` in a file's import statements."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"{file}: not valid Python: {error}") from None
    return tuple(name for name in _names(ast.walk(tree)) if name.partition(".")[0] == PACKAGE)


def _names(nodes: Iterable[ast.AST]) -> Iterable[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
