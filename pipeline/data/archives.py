"""A reader for gzipped tar archives that neither unpacks nor trusts them.

Nothing is written to disk and nothing is unpickled. Still, an archive is refused if it holds
absolute paths, `..`, links, devices, or more bytes than its format allows.
"""

import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from pipeline.data.source import DataError

# Limit for members that are not data files, such as a README or a folder's entry.
MOST_OTHER_BYTES = 1 << 20
MOST_MEMBERS = 100


class Archive:
    """The members of an open archive, all checked."""

    def __init__(self, path: Path, tar: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo]):
        self.path = path
        self._tar = tar
        self._members = members

    def chunks(self, name: str, size: int) -> Iterator[bytes]:
        """Read a member `size` bytes at a time.

        Raises:
            DataError: there is no such member. `opened` says so if the archive is broken.
        """
        if name not in self._members:
            raise DataError(f"{self.path}: holds no {name}; has {', '.join(sorted(self._members))}")
        stream = self._tar.extractfile(self._members[name])
        assert stream is not None, "only regular files are in the table"
        while content := stream.read(size):
            yield content

    def lines(self, name: str) -> tuple[str, ...]:
        """Read a short text member and return its lines that are not blank."""
        text = b"".join(self.chunks(name, MOST_OTHER_BYTES)).decode("utf-8", "replace")
        return tuple(line.strip() for line in text.splitlines() if line.strip())


@contextmanager
def opened(path: Path, sizes: Mapping[str, int]) -> Iterator[Archive]:
    """Open an archive and check every member before any is used.

    Args:
        path: A .tar.gz file.
        sizes: The most bytes that each data file may have, by its path in the archive.

    Raises:
        DataError: the archive is broken, or has a member that its format does not allow.
    """
    with _telling(path), tarfile.open(path, "r:gz") as tar:
        members = {}
        for number, member in enumerate(tar):
            _check(path, member, number, sizes.get(member.name, MOST_OTHER_BYTES))
            if member.isreg():
                members[member.name] = member
        yield Archive(path, tar, members)


def _check(path: Path, member: tarfile.TarInfo, number: int, most: int) -> None:
    """Check a member before anything after it is read.

    Raises:
        DataError: the member is not allowed.
    """
    name = PurePosixPath(member.name)
    problem = None
    if name.is_absolute() or ".." in name.parts:
        problem = "a path that leads out of the archive"
    elif not (member.isreg() or member.isdir()):
        problem = "a link or a device"
    elif member.size > most:
        problem = f"{member.size} bytes; its format has at most {most}"
    elif number >= MOST_MEMBERS:
        problem = f"more than {MOST_MEMBERS} members"
    if problem:
        raise DataError(f"{path}: refused: {member.name!r}: {problem}")


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path}: not a whole .tar.gz archive: {error}") from None
