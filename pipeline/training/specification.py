"""The specification of a model, which `select` writes and `train` reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json, sha256


@dataclass(frozen=True)
class Specification:
    """One model to train.

    DVC cannot list the architecture's file as a dependency, because the architecture is known only
    when a winner is chosen. `code_sha256` takes its place: an edit of this architecture retrains
    the model, an edit of any other does not.

    Attributes:
        architecture: Name of a module in `pipeline/architectures/`.
        hyperparameters: Values by name; missing ones take their defaults.
        code_sha256: Digest of the architecture's file.
    """

    architecture: str
    hyperparameters: dict[str, Any]
    code_sha256: str


def read(path: Path) -> Specification:
    """Read a specification and check that its architecture's file is unchanged.

    Raises:
        ConvoyError: the file has been edited since.
    """
    specification = read_json(path, Specification)
    check_code(specification.architecture, specification.code_sha256, path)
    return specification


def check_code(architecture: str, code_sha256: str, path: Path) -> None:
    """Check that an architecture's file is unchanged since the results in `path` were made.

    Raises:
        ConvoyError: the file has been edited since.
    """
    code = paths.ARCHITECTURES / f"{architecture}.py"
    if code.parent != paths.ARCHITECTURES or not code.is_file():
        raise ConvoyError(
            f"{path}: architecture = {architecture!r}: there is no such file in "
            f"{paths.ARCHITECTURES}/. Run `dvc repro` to search again."
        )
    if sha256(code) != code_sha256:
        raise ConvoyError(
            f"{path} was made with another version of {code}. Run `dvc repro` to search again."
        )
