"""Which files of `pipeline/` a module really imports, by reading its source."""

import ast

from pipeline.base.code_digest import ROOT, transitive

__all__ = ["ROOT", "third_party", "transitive"]


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
