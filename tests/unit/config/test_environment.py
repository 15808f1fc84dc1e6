import pytest

from pipeline.config import environment
from pipeline.config.environment import EnvironmentVariableError

GIANT = "9" * 5000


@pytest.mark.parametrize(
    "text", ["0", "-1", "two", "1.5", "²", "1025", GIANT, "true", " 1", "1\n", "0x2", "\x1b[31m2"]
)
def test_a_bad_number_of_workers_is_an_error_that_names_the_variable(monkeypatch, text):
    monkeypatch.setenv("CONVOY_WORKERS", text)
    with pytest.raises(EnvironmentVariableError, match="from 1 to 1,024") as caught:
        environment.workers()
    said = str(caught.value)
    assert said.startswith(f"CONVOY_WORKERS={text[:1]}" if text[0].isprintable() else "CONVOY_WO")
    assert said.isprintable() and len(said) < 200


def test_gpus_are_handed_out_in_turn(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    given = [environment.device_variables(number) for number in range(3)]
    assert [variables["CUDA_VISIBLE_DEVICES"] for variables in given] == ["3", "5", "3"]


@pytest.mark.parametrize(
    ("text", "names"), [("", []), ("-1", []), ("-1,0", []), ("2,-1,0", ["2"]), ("0,", ["0"])]
)
def test_gpus_that_are_hidden_from_cuda_are_not_counted(monkeypatch, text, names):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", text)
    assert environment.gpus() == names
    assert bool(environment.device_variables(0)) == bool(names)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000", 1000), ("4GB", 4 * 10**9), ("1.5 GiB", 3 * 2**29), ("512MiB", 2**29), ("", None)],
)
def test_memory_has_units(monkeypatch, text, size):
    monkeypatch.setenv("CONVOY_WORKER_MEMORY", text)
    assert environment.memory() == size


@pytest.mark.parametrize(
    "text",
    [
        *("much", "-1", "4 gigabytes", "0", "0GB", "0.0000001KB", "0.5", "nan", "inf", "1e9"),
        *(GIANT, "9" * 400 + ".0", "999999999999999GB", "٤GB", "4GB\n"),
    ],
)
def test_a_bad_memory_limit_is_an_error_that_says_what_is_allowed(monkeypatch, text):
    monkeypatch.setenv("CONVOY_WORKER_MEMORY", text)
    with pytest.raises(EnvironmentVariableError, match="such as 4GB") as caught:
        environment.memory()
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ["tcp://host:8786", "host:8786", "tls://[::1]:1/", "inproc://x/1"])
def test_addresses_of_dask_are_accepted(monkeypatch, text):
    monkeypatch.setenv("CONVOY_SCHEDULER", text)
    assert environment.scheduler() == text


@pytest.mark.parametrize("text", ["host", "tcp://host", "http://host:1", "tcp://:x", "a b:1"])
def test_another_text_is_no_address_of_dask(monkeypatch, text):
    monkeypatch.setenv("CONVOY_SCHEDULER", text)
    with pytest.raises(EnvironmentVariableError, match="an address with a port, such as tcp://"):
        environment.check()


def test_no_password_of_an_address_is_printed(monkeypatch):
    monkeypatch.setenv("CONVOY_SCHEDULER", "tcp://me:SECRETPW@host")
    with pytest.raises(EnvironmentVariableError) as caught:
        environment.check()
    assert "tcp://***@host: allowed" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KERAS_BACKEND", "tensorfow", "KERAS_BACKEND=tensorfow: allowed: tensorflow or jax or"),
        ("CONVOY_STATE", "params.yaml", r"CONVOY_STATE=params.yaml: allowed: a folder; .* a file"),
        ("CONVOY_STATE", "params.yaml/x", r"CONVOY_STATE=.*: allowed: a folder; params.yaml is"),
    ],
)
def test_other_variables_are_checked_before_any_work(workspace, monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(EnvironmentVariableError, match=said):
        environment.check()


def test_an_environment_that_says_nothing_is_allowed(workspace, monkeypatch):
    for name in ("CONVOY_WORKERS", "CONVOY_WORKER_MEMORY", "CONVOY_SCHEDULER", "KERAS_BACKEND"):
        monkeypatch.setenv(name, "")
    environment.check()
