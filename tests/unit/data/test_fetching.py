"""Downloads against a server that does everything a network can do to them."""

import hashlib
import re
import subprocess
import sys
import threading
from pathlib import Path

import fsspec
import pytest
from support import http_server

from pipeline.base import locks
from pipeline.data import fetching, transfers
from pipeline.data.fetching import FetchError
from pipeline.data.source import SourceFile

CONTENT = bytes(range(256)) * 1200  # 307,200 bytes
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Return the downloads of a repository of the test's own, with no mirror."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "repository"))
    monkeypatch.delenv(fetching.MIRROR, raising=False)
    return tmp_path / "repository" / ".state" / "downloads"


@pytest.fixture
def server():
    with http_server.running(CONTENT) as running:
        yield running


class Fetched:
    """One call of `fetch`, on a clock that records the waits instead of waiting."""

    def __init__(self, folder: Path, *urls: str, content: bytes = CONTENT):
        self.file = SourceFile("a.bin", hashlib.sha256(content).hexdigest(), urls)
        self.target = folder / "raw" / "a.bin"
        self.waits: list[float] = []
        self.seen: list[tuple[int, int | None]] = []

    def run(self) -> str:
        return fetching.fetch(
            "set", self.file, self.target, lambda *sizes: self.seen.append(sizes), self.waits.append
        )


def test_a_good_server_needs_one_request(tmp_path, server, state):
    fetched = Fetched(tmp_path, server.url)
    assert fetched.run() == server.url
    assert fetched.target.read_bytes() == CONTENT
    assert server.starts == [0]
    assert fetched.seen[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in fetched.target.parent.iterdir()] == ["a.bin"]
    (kept,) = (state / "set").iterdir()
    assert kept.samefile(fetched.target)


def test_a_cut_transfer_is_resumed_where_it_was_cut(tmp_path, server):
    server.behaviours = [http_server.cut(100_000), http_server.cut(200_000)]
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    assert server.starts == [0, 100_000, 200_000]
    assert fetched.target.read_bytes() == CONTENT
    assert fetched.waits == [1, 2]


def test_attempts_that_bring_much_are_repeated_at_once_and_without_limit(
    tmp_path, server, monkeypatch
):
    monkeypatch.setattr(transfers, "PROGRESS", 30_000)
    server.behaviours = [http_server.cut(30_000 * k) for k in range(1, 9)]
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    assert (len(server.starts), fetched.waits) == (9, [])


def test_a_stalled_transfer_is_given_up_and_resumed(tmp_path, server, monkeypatch):
    monkeypatch.setattr(transfers, "TIMEOUT", (2.0, 0.3))
    server.behaviours = [http_server.stall(131_072)]
    Fetched(tmp_path, server.url).run()
    assert server.starts == [0, 131_072]


def test_a_server_without_ranges_starts_from_the_front(tmp_path, server):
    server.behaviours = [http_server.cut(100_000), http_server.ignore_range]
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    assert fetched.target.read_bytes() == CONTENT


def test_another_part_than_asked_for_is_not_appended(tmp_path, server):
    server.behaviours = [http_server.cut(100_000), http_server.wrong_range]
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    assert server.starts == [0, 100_000, 0]
    assert fetched.target.read_bytes() == CONTENT


@pytest.mark.parametrize("behaviour", [http_server.claim_more, http_server.claim_less])
def test_a_wrong_length_ends_in_the_right_bytes_or_an_error(tmp_path, server, behaviour):
    server.behaviours = [behaviour] * 20
    fetched = Fetched(tmp_path, server.url)
    if behaviour is http_server.claim_more:
        fetched.run()
        assert fetched.target.read_bytes() == CONTENT
    else:
        with pytest.raises(FetchError, match=rf"wrong content: .*\({len(CONTENT) - 10} bytes\)"):
            fetched.run()
        assert not fetched.target.exists()


def test_wrong_bytes_are_refused_and_the_next_address_is_tried(tmp_path, server):
    server.behaviours = [http_server.wrong_bytes]
    fetched = Fetched(tmp_path, f"{server.url}/bad", f"{server.url}/good")
    assert fetched.run() == f"{server.url}/good"
    assert server.starts == [0, 0]
    assert fetched.target.read_bytes() == CONTENT


def test_what_is_left_of_a_wrong_file_does_not_spoil_the_next_download(tmp_path, server, state):
    server.behaviours = [lambda h: http_server.send(h, bytes(len(CONTENT)), 50_000)]
    server.behaviours += [http_server.status(404)]
    with pytest.raises(FetchError):
        Fetched(tmp_path, server.url).run()
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    assert server.starts[2:] == [50_000, 0]
    assert fetched.target.read_bytes() == CONTENT


def test_404_is_not_repeated(tmp_path, server):
    server.behaviours = [http_server.status(404)]
    fetched = Fetched(tmp_path, f"{server.url}/gone", f"{server.url}/there")
    assert fetched.run() == f"{server.url}/there"
    assert (len(server.starts), fetched.waits) == (2, [])


def test_503_is_repeated_after_growing_waits(tmp_path, server):
    server.behaviours = [http_server.status(503), http_server.status(503), http_server.status(503)]
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    assert fetched.waits == [1, 2, 4]


def test_the_server_may_ask_for_a_longer_wait_within_reason(tmp_path, server):
    server.behaviours = [
        http_server.status(503, Retry_After="20"),
        http_server.status(429, Retry_After="86400"),
    ]
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    assert fetched.waits == [20, transfers.LONGEST_WAIT]


def test_a_redirect_loop_is_left(tmp_path, server):
    server.behaviours = [http_server.redirect_to_itself]
    with pytest.raises(FetchError, match="Exceeded 10 redirects"):
        Fetched(tmp_path, server.url).run()
    assert len(server.starts) == 11


def test_when_all_fail_every_answer_is_listed_and_nothing_is_left(tmp_path, server, state):
    server.behaviours = [http_server.status(404)] + [http_server.status(503)] * 4
    fetched = Fetched(tmp_path, f"{server.url}/one", f"{server.url}/two", "gopher://host/a.bin")
    with pytest.raises(FetchError) as caught:
        fetched.run()
    message = str(caught.value)
    assert re.search(r"/one: HTTP 404 .*\n.*/two: HTTP 503 .*\n.*gopher.*: .*not known", message)
    assert "CONVOY_MIRROR=<mirror>" in message
    assert not fetched.target.exists()
    assert not list(state.glob("set/*.bin"))


def test_a_host_that_is_not_there(tmp_path):
    fetched = Fetched(tmp_path, "http://127.0.0.1:9/a.bin")
    with pytest.raises(FetchError, match=r"ConnectionError: .*refused"):
        fetched.run()
    assert fetched.waits == [1, 2, 4]


def test_an_interrupted_run_is_taken_up_by_the_next(tmp_path, server, state):
    server.behaviours = [http_server.cut(100_000), http_server.status(404)]
    with pytest.raises(FetchError):
        Fetched(tmp_path, server.url).run()
    Fetched(tmp_path, server.url).run()
    assert server.starts == [0, 100_000, 100_000]


def test_what_is_left_of_another_version_is_not_taken_up(tmp_path, server):
    server.behaviours = [http_server.cut(100_000), http_server.status(404)]
    with pytest.raises(FetchError):
        Fetched(tmp_path, server.url, content=b"another version").run()
    Fetched(tmp_path, server.url).run()
    assert server.starts[-1] == 0


@pytest.mark.parametrize("removed", [False, True])
def test_what_was_downloaded_once_is_not_downloaded_again(tmp_path, server, state, removed):
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    if removed:  # as DVC does with a stage's outputs before it runs
        fetched.target.unlink()
    assert fetched.run() == f"{state / 'set'}, where it was kept"
    assert fetched.target.read_bytes() == CONTENT
    assert len(server.starts) == 1


def test_a_kept_file_that_was_edited_is_downloaded_again(tmp_path, server):
    fetched = Fetched(tmp_path, server.url)
    fetched.run()
    fetched.target.write_bytes(b"an edit of the one file that has two names")
    assert fetched.run() == server.url
    assert fetched.target.read_bytes() == CONTENT


def test_a_killed_download_is_resumed(tmp_path, server, state):
    """A real process, killed while the server stalls."""
    server.behaviours = [http_server.stall(131_072)]
    fetched = Fetched(tmp_path, server.url)
    code = f"""if True:
        from pathlib import Path
        from pipeline.data import fetching
        from pipeline.data.source import SourceFile
        file = SourceFile("a.bin", {fetched.file.digest!r}, ({server.url!r},))
        fetching.fetch("set", file, Path({str(fetched.target)!r}), lambda *_: print("on", flush=1))
    """
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    for _ in range(2):
        process.stdout.readline()
    process.kill()
    process.wait()
    process.stdout.close()
    assert not fetched.target.exists()
    fetched.run()
    assert server.starts[1] > 0
    assert fetched.target.read_bytes() == CONTENT


def test_two_at_once_take_turns(tmp_path, server, capsys, monkeypatch):
    monkeypatch.setattr(locks, "SILENT_SECONDS", 0.1)
    entered, go_on = threading.Event(), threading.Event()

    def slow(handler):
        entered.set()
        assert go_on.wait(10)
        http_server.serve(handler)

    server.behaviours = [slow]
    transfers.TIMEOUT = (2.0, 10.0)  # the fixture restores it
    both = [Fetched(tmp_path, server.url) for _ in range(2)]
    threads = [threading.Thread(target=fetched.run) for fetched in both]
    threads[0].start()
    assert entered.wait(10)
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()
    go_on.set()
    for thread in threads:
        thread.join()
    assert both[0].target.read_bytes() == CONTENT
    assert len(server.starts) == 1
    assert "another process is downloading this file" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["path", "relative", "file", "http", "memory"])
def test_the_mirror_is_tried_first(tmp_path, server, state, monkeypatch, kind):
    folder = tmp_path / "repository" / "mirror" / "set"
    folder.mkdir(parents=True)
    (folder / "a.bin").write_bytes(CONTENT)
    fsspec.filesystem("memory").pipe("/mirror/set/a.bin", CONTENT)
    mirror = {
        "path": str(folder.parent),
        "relative": "mirror/",
        "file": folder.parent.as_uri(),
        "http": f"{server.url}/mirror",
        "memory": "memory://mirror",
    }[kind]
    monkeypatch.setenv(fetching.MIRROR, mirror)
    fetched = Fetched(tmp_path, "http://127.0.0.1:9/never")
    assert fetched.run().endswith("/set/a.bin")
    assert fetched.target.read_bytes() == CONTENT
    assert fetched.waits == []


def test_a_mirror_without_the_file_is_passed_over(tmp_path, server, monkeypatch):
    monkeypatch.setenv(fetching.MIRROR, str(tmp_path))
    assert Fetched(tmp_path, server.url).run() == server.url


def test_a_mirror_in_the_home_of_nobody_is_named_as_it_was_written(tmp_path, monkeypatch):
    monkeypatch.setenv(fetching.MIRROR, "~nobody-here/mirror")
    with pytest.raises(FetchError, match=r"~nobody-here/mirror/set/a\.bin: "):
        Fetched(tmp_path).run()


def test_a_plugin_s_own_error_is_an_answer_and_a_mistake_of_ours_is_not(tmp_path, monkeypatch):
    class NoCredentialsError(Exception):
        pass

    errors = [NoCredentialsError("log in first"), ValueError("ours")]

    def refuse(*_, **__):
        raise errors.pop(0)

    monkeypatch.setattr(fsspec.filesystem("memory"), "open", refuse)
    with pytest.raises(FetchError, match="NoCredentialsError: log in first"):
        Fetched(tmp_path, "memory://mirror/a.bin").run()
    with pytest.raises(ValueError, match="ours"):
        Fetched(tmp_path, "memory://mirror/a.bin").run()


class Quoting(fsspec.AbstractFileSystem):
    """A file system that quotes all it was given in its errors, as those of buckets do."""

    protocol = "quoting"

    def _open(self, path, *arguments, **options):
        raise PermissionError(f"no access to bucket {path!r} of {self.storage_options}")


@pytest.mark.parametrize(
    "mirror",
    [
        "http://user:SECRETPW@127.0.0.1:1/x",
        "http://SECRETUSER@127.0.0.1:1/x",
        "http://127.0.0.1:1/x?token=SECRETPW",
        "http://127.0.0.1:1/SECRETLESS?SECRETPW",
        "https://user:SECRETPW@127.0.0.1:x/",
        "https://user:SECRETPW@[::1/",
        "s3://KEY:SECRETPW@bucket",
        "ftp://user:SECRETPW@127.0.0.1:1/x",
        "quoting://KEY:SECRETPW@bucket/x?sig=SECRETSIG",
        "nonsense://user:SECRETPW@host/x?SECRETPW",
    ],
)
def test_nothing_of_a_mirror_s_credentials_is_in_the_error(tmp_path, monkeypatch, mirror):
    fsspec.register_implementation("quoting", Quoting, clobber=True)
    monkeypatch.setenv(fetching.MIRROR, mirror)
    with pytest.raises(FetchError) as caught:
        Fetched(tmp_path).run()
    said = str(caught.value)
    assert "SECRET" not in said.replace("SECRETLESS", "") and "KEY:" not in said
    assert mirror.partition("://")[0] in said


def test_nothing_of_a_mirror_s_credentials_is_said_of_a_download(tmp_path, server, monkeypatch):
    monkeypatch.setenv(fetching.MIRROR, server.url.replace("://", "://me:SECRETPW@"))
    file = Fetched(tmp_path).file
    said: list[str] = []
    monkeypatch.setattr(fetching, "say", said.append)
    fetching.fetch_all("set", [file], tmp_path / "raw")
    assert said[0].startswith("a.bin: verified, from http://***@127.0.0.1")
