"""The transfer of one file from one address, which survives cut, stalled and wrong connections.

http(s) goes through requests, everything else (s3://, gs://, memory://, a path) through fsspec.
requests is used because resuming needs details that fsspec's http hides: the status of the answer,
Content-Range, the announced length, a limit of redirects and a time-out for each read. It also
honours the proxy settings of the environment.
"""

import hashlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import fsspec
import requests
import tenacity
import urllib3

from pipeline.base.errors import ConvoyError
from pipeline.base.files import writing

CHUNK = 1 << 16
# Seconds to connect, and seconds without a byte, before a connection counts as dead.
TIMEOUT = (10.0, 30.0)
MOST_REDIRECTS = 10
ATTEMPTS = 4
LONGEST_WAIT = 60.0
# After an attempt that brought this many bytes, the next one follows at once.
PROGRESS = 1 << 20
# The error statuses that may pass: time-out, too many requests, server errors.
TEMPORARY = {408, 425, 429, 500, 502, 503, 504}


class RefusedError(ConvoyError):
    """A refusal by an address; trying again would not help."""


class InterruptedTransferError(ConvoyError):
    """A transfer that ended early; the received bytes are kept.

    `wait` is the delay in seconds that the server asked for.
    """

    def __init__(self, message: str, wait: float = 0):
        super().__init__(message)
        self.wait = wait


class Partial:
    """A file that grows across attempts, with the digest of its content.

    Args:
        path: The file; the content that an earlier run left there is kept.
        kind: Kind of the digest, a name that hashlib knows.
    """

    def __init__(self, path: Path, kind: str):
        self.path, self.kind = path, kind
        self._hash = hashlib.new(kind)
        self.size = 0
        if path.exists():
            with path.open("rb") as stream:
                while content := stream.read(PROGRESS):
                    self._count(content)
        path.touch()

    @property
    def digest(self) -> str:
        """Digest of all bytes so far, in hexadecimal."""
        return self._hash.hexdigest()

    def restart(self) -> None:
        """Delete all bytes received so far."""
        self.path.write_bytes(b"")
        self._hash, self.size = hashlib.new(self.kind), 0

    def extend(self, chunks: Iterator[bytes], watch: Callable[[int], None]) -> None:
        """Append chunks as they arrive, and call `watch` with the size after each."""
        with self.path.open("ab") as sink:
            for content in chunks:
                with writing(self.path):
                    sink.write(content)
                    sink.flush()
                self._count(content)
                watch(self.size)

    def _count(self, content: bytes) -> None:
        self._hash.update(content)
        self.size += len(content)


Watch = Callable[[int, int | None], None]


def transfer(url: str, partial: Partial, watch: Watch, sleep: Callable[[float], None]) -> None:
    """Download the rest of the file at `url` into `partial`, in several attempts if needed.

    Attempts that bring little are repeated after growing waits, `ATTEMPTS` in all. The caller
    checks the digest.

    Args:
        url: An address.
        partial: The bytes received so far; it grows.
        watch: Called with the size so far and, if known, the full size.
        sleep: Waits for a number of seconds; tests pass their own clock.

    Raises:
        RefusedError: the address refuses the file.
        InterruptedTransferError: the last attempt ended early.
    """
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=_growing_wait,
        retry=tenacity.retry_if_exception_type(InterruptedTransferError),
        sleep=sleep,
        reraise=True,
    )
    retrying(_attempt, url, partial, watch)


def _growing_wait(state: tenacity.RetryCallState) -> float:
    """Return the wait of 1, 2, 4, ... seconds, or the server's if longer, up to a limit."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, InterruptedTransferError) else 0
    return min(max(asked, 2.0 ** (state.attempt_number - 1)), LONGEST_WAIT)


def _attempt(url: str, partial: Partial, watch: Watch) -> None:
    """Read until the end, or until a connection breaks after bringing less than `PROGRESS`."""
    while True:
        before = partial.size
        try:
            if url.startswith(("http://", "https://")):
                _read_http(url, partial, watch)
            else:
                _read_file(url, partial, watch)
            return
        except InterruptedTransferError:
            if partial.size - before < PROGRESS:
                raise


def _read_http(url: str, partial: Partial, watch: Watch) -> None:
    # "identity": a compressing server would change the bytes on the way.
    headers = {"Accept-Encoding": "identity"}
    if partial.size:
        headers["Range"] = f"bytes={partial.size}-"
    with requests.Session() as session:
        session.max_redirects = MOST_REDIRECTS
        try:
            with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
                if _continues(answer, partial):
                    total = _total(answer, partial.size)
                    chunks = answer.raw.stream(CHUNK, decode_content=False)
                    partial.extend(chunks, lambda size: watch(size, total))
        except (requests.exceptions.SSLError, requests.TooManyRedirects) as error:
            raise RefusedError(str(error)) from None
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            urllib3.exceptions.HTTPError,
        ) as error:
            raise InterruptedTransferError(
                f"{_words(error)} (after {partial.size} bytes)"
            ) from None
        except requests.RequestException as error:
            raise RefusedError(_words(error)) from None


def _continues(answer: requests.Response, partial: Partial) -> bool:
    """Check whether the body continues `partial`, which is emptied if the server has no ranges.

    Raises:
        RefusedError: the status is a permanent error.
        InterruptedTransferError: the status is a temporary error, or another range was sent.
    """
    if answer.status_code == requests.codes.requested_range_not_satisfiable and partial.size:
        return False  # `partial` already has every byte
    if answer.status_code in TEMPORARY:
        asked = answer.headers.get("Retry-After", "")
        wait = float(asked) if asked.isdigit() else 0
        raise InterruptedTransferError(f"HTTP {answer.status_code} {answer.reason}", wait)
    if not answer.ok:
        raise RefusedError(f"HTTP {answer.status_code} {answer.reason}")
    begins = f"bytes {partial.size}-"
    if answer.status_code == requests.codes.partial_content:
        if not answer.headers.get("Content-Range", "").startswith(begins):
            partial.restart()
            raise InterruptedTransferError("the server sent another part than it was asked for")
    elif partial.size:
        partial.restart()
    return True


def _total(answer: requests.Response, start: int) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return start + int(length) if length.isdigit() else None


def _read_file(url: str, partial: Partial, watch: Watch) -> None:
    try:
        with _open(url) as source:
            total = getattr(source, "size", None)
            source.seek(partial.size)
            chunks = iter(lambda: source.read(CHUNK), b"")
            partial.extend(chunks, lambda size: watch(size, total))
    except ConvoyError:
        raise
    except OSError as error:
        if error.filename == str(partial.path):
            raise  # it is no fault of the address
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise RefusedError(_words(error)) from None
        raise InterruptedTransferError(_words(error)) from None
    except Exception as error:
        # The exceptions of fsspec's plugins (missing credentials, say) share no base class.
        # Python's own exceptions are bugs in this code, not answers of a server.
        if type(error).__module__ == "builtins":
            raise
        raise RefusedError(_words(error)) from None


def _open(url: str) -> IO[bytes]:
    if url.startswith("package://"):
        package, _, name = url.removeprefix("package://").partition("/")
        root, *inner = package.split(".")
        # To import the inner packages, as `importlib.resources` does, may take a second.
        spec = find_spec(root)
        if spec is None or spec.origin is None:
            raise RefusedError(f"the package {root} is not installed here")
        return Path(spec.origin).parent.joinpath(*inner, name).open("rb")
    try:
        system, path = fsspec.url_to_fs(url)
    except (ImportError, ValueError) as error:  # no such protocol, or its package is missing
        raise RefusedError(str(error)) from None
    return system.open(path, "rb")


def _words(error: Exception) -> str:
    """Return the reason of an error; requests wraps it twice."""
    inner = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    return f"{type(error).__name__}: {getattr(inner, 'reason', None) or inner}"
