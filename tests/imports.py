"""Which files of `pipeline/` a module really imports, by reading its source."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent


def transitive(module: str) -> set[str]:
    """Name every file inside pipeline/ that importing `module` executes."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        for file in _files(waiting.pop()):
            if file not in found:
                found.add(file)
                waiting.extend(_imported(ROOT / file))
    return found


def third_party(files: set[str]) -> set[str]:
    """Name the top-level packages that these files import when they are imported."""
    packages = set()
    for file in files:
        for node in ast.parse((ROOT / file).read_text()).body:
            if isinstance(node, ast.Import):
                packages |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                packages.add(str(node.module).partition(".")[0])
    return packages


def _files(name: str) -> list[str]:
    """Name the files that `import name` executes: the packages on the way, then the module."""
    parts = name.split(".")
    files = []
    for end in range(1, len(parts) + 1):
        base = Path(*parts[:end])
        for file in (base / "__init__.py", base.with_suffix(".py")):
            if (ROOT / file).exists():
                files.append(str(file))
    return files


def _imported(file: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(str(node.module))
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in names if name.partition(".")[0] == "pipeline"]
