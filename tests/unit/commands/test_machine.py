import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from support import http_server

from pipeline.commands import machine


def told(monkeypatch, address):
    monkeypatch.setenv("CONVOY_MIRROR", address)
    return [problem.what for problem in machine.mirror()]


def test_a_mirror_that_is_not_there_or_of_no_known_kind(monkeypatch, tmp_path):
    assert told(monkeypatch, str(tmp_path)) == []
    assert "it is not there" in told(monkeypatch, "/no/such/folder")[0]
    assert "nosuch" in told(monkeypatch, "nosuch://bucket")[0]


@pytest.mark.parametrize("code", [200, 403, 404])
def test_a_web_server_that_lists_nothing_is_a_mirror_all_the_same(monkeypatch, code):
    with http_server.running(b"") as server:
        server.behaviours = [http_server.status(code)]
        assert told(monkeypatch, server.url) == []


def test_a_web_server_that_fails_or_is_gone(monkeypatch):
    with http_server.running(b"") as server:
        server.behaviours = [http_server.status(503)]
        assert "HTTP 503" in told(monkeypatch, server.url)[0]
    assert "ConnectionError" in told(monkeypatch, server.url)[0]


def test_what_a_plug_in_raises_of_its_own_is_a_problem_not_a_traceback(monkeypatch):
    class NoCredentialsError(Exception):
        pass

    class Locked(MemoryFileSystem):
        def exists(self, path, **options):
            raise NoCredentialsError("Unable to locate credentials")

    fsspec.register_implementation("locked", Locked, clobber=True)
    (said,) = told(monkeypatch, "locked://bucket")
    assert "NoCredentialsError: Unable to locate credentials" in said


def test_packages_that_drifted_are_one_problem_with_a_remedy_that_helps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.lock").write_text("numpy==0.1 \\\npytest==0.2\nno-such-package==1\n")
    (problem,) = machine.packages()
    assert "numpy is " in problem.what and "pytest is " in problem.what
    assert problem.remedy == "make clean setup"


@pytest.mark.parametrize(
    "address",
    [
        "http://me:SECRETPW@127.0.0.1:1/x?token=SECRETTOKEN",
        "s3://KEY:SECRETPW@bucket",
        "nonsense://me:SECRETPW@host",
        "http://me:SECRETPW@[::1/",
    ],
)
def test_no_credential_of_a_mirror_is_shown(monkeypatch, address):
    monkeypatch.setenv("CONVOY_MIRROR", address)
    (problem,) = machine.mirror()
    assert "SECRET" not in problem.what and problem.what.startswith("CONVOY_MIRROR=")
