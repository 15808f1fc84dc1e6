"""The code a stage runs: which files of `pipeline/` it imports, and their digests.

Found by reading the source, without running it, so that the code of any git revision can be asked.
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

# The room that watches and talks: the guard, the terminal, the record of what a run cost, the way
# in which Keras is imported. It decides no byte of any output, so an edit there makes no result
# stale and no finished training unusable.
WATCHERS = f"{PACKAGE}/running/"

# Modules that import others by name, from the room whose file a parameter chooses. DVC lists the
# chosen file itself, because the parameter says so to the reader; what the files of the room import
# belongs to the stage.
LOADERS = {
    f"{PACKAGE}/data/source.py": f"{PACKAGE}/datasets",
    f"{PACKAGE}/training/architecture.py": f"{PACKAGE}/architectures",
}

# Path of a file, relative to the root, and its bytes.
Sources = Mapping[str, bytes]


class SourceError(ConvoyError):
    """A file of `pipeline/` that cannot be read as Python, or that has been edited meanwhile."""


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

    Files of the room that watches are left out (`WATCHERS`).

    Raises:
        SourceError: a file is not valid Python.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        for file in _files(sources, waiting.pop()):
            if file not in found and not file.startswith(WATCHERS):
                found.add(file)
                waiting.extend(_imports(file, sources[file]))
    return found


def stages(sources: Sources) -> list[str]:
    """Return the names of the stages that have an entry: every module in `stages/` but `code`."""
    return [name for name in _modules(sources, STAGES) if name != "code"]


def entry(sources: Sources, stage: str) -> dict[str, str]:
    """Return the SHA-256 of every file that a stage's code consists of, by path."""
    files = imported(sources, f"{PACKAGE}.stages.{stage}")
    for loader, room in LOADERS.items():
        if loader in files:
            chosen = {f"{room}/{name}.py" for name in _modules(sources, room)}
            named = [file.removesuffix(".py").replace("/", ".") for file in chosen]
            files |= imported(sources, *named) - chosen
    return {file: hashlib.sha256(sources[file]).hexdigest() for file in sorted(files)}


def digest(*modules: str) -> str:
    """Digest names and contents of all files that importing these modules executes here."""
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
    """Return the files that `import name` executes: the packages on the way, then the module."""
    parts = name.split(".")
    bases = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    files = [file for base in bases for file in (f"{base}/__init__.py", f"{base}.py")]
    return [file for file in files if file in sources]


@cache
def _imports(file: str, source: bytes) -> tuple[str, ...]:
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
