"""The files of `pipeline/` that a module imports, found by parsing its source, and their digest."""

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent


def transitive(*modules: str) -> set[str]:
    """Return all files of pipeline/ that importing these modules runs, relative to the root."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        for file in _files(waiting.pop()):
            if file not in found:
                found.add(file)
                waiting.extend(_imported(ROOT / file))
    return found


def digest(files: Iterable[str]) -> str:
    """Compute one SHA-256 of the names and contents of files, given relative to the root."""
    total = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256((ROOT / file).read_bytes()).hexdigest()
        total.update(f"{file} {content}\n".encode())
    return total.hexdigest()


def _files(name: str) -> list[str]:
    """Return the files that `import name` runs: its parent packages, then the module."""
    parts = name.split(".")
    files = []
    for end in range(1, len(parts) + 1):
        base = Path(*parts[:end])
        for file in (base / "__init__.py", base.with_suffix(".py")):
            if (ROOT / file).exists():
                files.append(file.as_posix())
    return files


def _imported(file: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(str(node.module))
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in names if name.partition(".")[0] == "pipeline"]
