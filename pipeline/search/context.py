"""The context of a trial: what its result depends on besides its specification.

Data, code, software, threads and kind of device. Two trials of one specification in
one context end alike; a trial of another context is never used in its place.
"""

import hashlib
import json
from typing import Any

from pipeline.base import code_digest
from pipeline.training import backend


def software(architecture: str) -> dict[str, Any]:
    """Describe code and software here, as far as they decide what a trial gives."""
    code = code_digest.digest("pipeline.search.trial", f"pipeline.architectures.{architecture}")
    return {"code": code, **backend.software()}


def describe(architecture: str, train: str, validation: str, threads: int) -> dict[str, Any]:
    """Describe the context of a search in full.

    Args:
        architecture: Its name.
        train: Digest of the training split.
        validation: Digest of the validation split.
        threads: Threads a trial.
    """
    return {
        "architecture": architecture,
        "data": [train, validation],
        "threads": threads,
        **software(architecture),
    }


def digest(context: dict[str, Any]) -> str:
    """Name a context."""
    text = json.dumps(context, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
