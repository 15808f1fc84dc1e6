"""The context of a training: what its result depends on besides its specification.

Data, code, software, threads and kind of device. Two trainings of one specification in one context
end alike; a result of another context is never used in its place.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pipeline.base import code_digest
from pipeline.training import backend


def software(module: str, architecture: str) -> dict[str, Any]:
    """Describe code and software here, as far as they decide what a training gives.

    Args:
        module: The module that trains.
        architecture: Name of the architecture.
    """
    code = code_digest.digest(module, f"pipeline.architectures.{architecture}")
    return {"code": code, **backend.software()}


def digest(context: Mapping[str, Any]) -> str:
    """Return a name for a context."""
    text = json.dumps(context, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
