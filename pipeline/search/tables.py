"""What a search leaves behind: the table of its trials, and those that can be chosen from."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.base.errors import ConvoyError
from pipeline.base.files import write_csv
from pipeline.search.columns import TRIAL_COLUMNS
from pipeline.search.optimism import optimism
from pipeline.search.records import Record
from pipeline.search.selection import Candidate, choose
from pipeline.statistics.proportions import standard_error


def write_trials(records: Sequence[Record], path: Path) -> None:
    """Write one row a trial: its outcome, then its hyperparameters. No clock times."""
    names = list(dict.fromkeys(name for record in records for name in record.spec.values))
    rows = []
    for record in records:
        row: dict[str, Any] = {"trial": record.number}
        row |= asdict(record.result)
        row["epochs"] = len(record.result.curve) or record.spec.epochs
        values = (record.spec.values.get(name) for name in names)
        rows.append([*(row[column] for column in TRIAL_COLUMNS), *values])
    write_csv(path, TRIAL_COLUMNS + names, rows)


def candidates(
    records: Sequence[Record], validation_images: int, code_sha256: str
) -> list[Candidate]:
    """Return the completed trials.

    Args:
        records: All trials of one search.
        validation_images: How many there are.
        code_sha256: Digest of the architecture's file.

    Raises:
        ConvoyError: there is none; the message lists every trial's reason.
    """
    completed = []
    for record in records:
        result = record.result
        # One that was stopped early is known to lag behind, but not where it would have ended.
        if result.status != "completed":
            continue
        assert result.val_accuracy is not None and result.val_loss is not None
        assert result.parameters is not None and result.multiply_adds is not None
        completed.append(
            Candidate(
                record.spec.architecture,
                record.number,
                result.val_accuracy,
                standard_error(result.val_accuracy, validation_images),
                result.val_loss,
                result.parameters,
                result.multiply_adds,
                record.spec.values,
                code_sha256,
                validation_images,
                record.spec.epochs,
            )
        )
    if not completed:
        reasons = "\n".join(f"  trial {r.number}: {r.result.reason}" for r in records)
        raise ConvoyError(f"every trial failed; there is nothing to choose from.\n{reasons}")
    return completed


def outcome(found: Sequence[Candidate], records: Sequence[Record]) -> dict[str, Any]:
    """Sum up one architecture's search in numbers, for `results/tune/ARCH.json`."""
    best, _ = choose(found, "best")
    small, _ = choose(found, "one_standard_error")
    return {
        "val_accuracy": best.val_accuracy,
        "standard_error": best.standard_error,
        "optimism": optimism(found, "best"),
        "parameters": best.parameters,
        "trials": len(records),
        "stopped": sum(record.result.status == "stopped" for record in records),
        "failed": sum(record.result.status == "failed" for record in records),
        "best": _summary(best),
        "one_standard_error": _summary(small),
    }


def _summary(candidate: Candidate) -> dict[str, Any]:
    return {
        "trial": candidate.trial,
        "val_accuracy": candidate.val_accuracy,
        "val_loss": candidate.val_loss,
        "parameters": candidate.parameters,
        "multiply_adds": candidate.multiply_adds,
    }
