"""The specification of a model, which `select` writes and `train` reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.base.files import read_json, sha256

# The chosen architecture at its recipe, as a model's name.
UNTUNED = "untuned"


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


@dataclass(frozen=True)
class Untuned(Specification):
    """The chosen architecture at its recipe.

    Attributes:
        same_as: The model that it is anyway, "tuned" or "baseline"; None if it is neither.
        train: Whether it is to be trained.
    """

    same_as: Literal["tuned", "baseline"] | None
    train: bool


def read_untuned(path: Path) -> Untuned:
    """Read what `select` has written of the untuned model.

    Raises:
        FileError: it is not as `select` writes it.
    """
    return read_json(path, Untuned)


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
