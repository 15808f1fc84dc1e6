"""What `select` hands to `train`: which model to build, and from which code."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json, sha256


@dataclass(frozen=True)
class Specification:
    """One model to train.

    `code_sha256` stands for the architecture's file: which one that is, is known only when a
    winner is chosen, so DVC cannot list it. Through this digest an edited architecture retrains
    its model, and an edit to any other architecture does not.

    Attributes:
        architecture: Name of a file in `pipeline/architectures/`.
        hyperparameters: Values; those not named take their defaults.
        code_sha256: Digest of the architecture's file.
    """

    architecture: str
    hyperparameters: dict[str, Any]
    code_sha256: str


def read(path: Path) -> Specification:
    """Read a specification and check that the architecture is still the one it was made with.

    Raises:
        ConvoyError: the architecture's file has been edited since.
    """
    specification = Specification(**read_json(path))
    check_code(specification.architecture, specification.code_sha256, path)
    return specification


def check_code(architecture: str, code_sha256: str, path: Path) -> None:
    """Check that an architecture is still the one that the results in `path` were made with.

    Raises:
        ConvoyError: its file has been edited since.
    """
    code = paths.ARCHITECTURES / f"{architecture}.py"
    if sha256(code) != code_sha256:
        raise ConvoyError(
            f"{path} was made with another version of {code}. Run `dvc repro` to search again."
        )
