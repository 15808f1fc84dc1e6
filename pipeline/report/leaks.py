"""Test images that are also among those for training or validation, old against new.

`split` counts them (results/data.json, docs/data.md). Exact copies have equal pixels; near
duplicates look the same to a perceptual hash, which is not always right.
"""

from dataclasses import dataclass

from pipeline.report.results import Results

KINDS = {
    "exact_test_in_train": "exact copy in training",
    "exact_test_in_validation": "exact copy in validation",
    "near_test_in_train": "near duplicate in training",
    "near_test_in_validation": "near duplicate in validation",
}


@dataclass(frozen=True)
class Leak:
    """The number of test images that have a copy of one kind.

    Attributes:
        key: Its name in results/data.json.
        what: The kind, in words.
        old: The number in the older revision; None if it does not say.
        new: The number in the newer revision; None if it does not say.
        images: Number of test images of the newer revision; None if it does not say.
    """

    key: str
    what: str
    old: int | None
    new: int | None
    images: int | None

    @property
    def exact(self) -> bool:
        """Whether the copies have equal pixels."""
        return self.key.startswith("exact")

    @property
    def rose(self) -> bool:
        """Whether there are more than before, or it is no longer said how many there are."""
        return self.old is not None if self.new is None else self.new > (self.old or 0)


def read(base: Results, head: Results) -> list[Leak]:
    """Read the counts of both revisions."""
    images = _number(head.data.get("test", {}).get("images"))
    return [
        Leak(key, what, _count(base, key), _count(head, key), images) for key, what in KINDS.items()
    ]


def sentence(leak: Leak) -> str:
    """Write what it means that a number rose."""
    old = f"{leak.old:,} in the base" if leak.old is not None else "the base does not say"
    copy = f"{'an' if leak.exact else 'a'} {leak.what}"
    if leak.new is None:
        return f"results/data.json no longer says how many test images have {copy} ({old})"
    of = f" of {leak.images:,}" if leak.images else ""
    return (
        f"{leak.new:,}{of} test images have {copy} ({old}): the scores do not say "
        "how good the model is on new images"
    )


def line(leaks: list[Leak]) -> str:
    """Write all counts on one line, without a capital at its beginning."""
    known = [leak for leak in leaks if (leak.old, leak.new) != (None, None)]
    return "; ".join(f"{leak.what}: {_change(leak)}" for leak in known)


def _change(leak: Leak) -> str:
    old, new = ("unknown" if n is None else f"{n:,}" for n in (leak.old, leak.new))
    return new if old == new else f"{old} → {new}"


def _count(results: Results, key: str) -> int | None:
    return _number(results.data.get("duplicates", {}).get(key))


def _number(value: object) -> int | None:
    """Return a count; None for what cannot be one."""
    return value if type(value) is int and value >= 0 else None
