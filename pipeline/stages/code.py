"""Stage `code`: write down which code each stage runs, so that dvc.yaml need not list it.

Every other stage depends on its file here. An edit of code runs this stage, and after it only the
stages whose file comes out different.
"""

from pathlib import Path

from pipeline.base import code_digest, paths
from pipeline.base.files import write_json
from pipeline.config.params import Params


def main(settings: Params) -> None:
    """Write path and SHA-256 of each file of `pipeline/` that a stage imports, one file a stage."""
    write(Path())


def write(root: Path) -> None:
    """Write the files of this stage below a folder, such as a copy of the workspace.

    Beside one file a stage stand the digests of all architectures: which of them a model is built
    by is known only when `select` has chosen.
    """
    sources = code_digest.loaded()
    for stage in code_digest.stages(sources):
        write_json(root / paths.code(stage), code_digest.entry(sources, stage))
    write_json(root / paths.ARCHITECTURE_DIGESTS, code_digest.architectures(sources))
