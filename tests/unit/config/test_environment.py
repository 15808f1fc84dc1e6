import pytest

from pipeline.config import environment
from pipeline.config.environment import EnvironmentVariableError


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_a_bad_number_of_workers_is_an_error_that_names_the_variable(monkeypatch, text):
    monkeypatch.setenv("CONVOY_WORKERS", text)
    with pytest.raises(EnvironmentVariableError, match=f"CONVOY_WORKERS={text}: allowed"):
        environment.workers()


def test_gpus_are_handed_out_in_turn(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    given = [environment.device_variables(number) for number in range(3)]
    assert [variables["CUDA_VISIBLE_DEVICES"] for variables in given] == ["3", "5", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert environment.device_variables(0) == {}


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000", 1000), ("4GB", 4 * 10**9), ("1.5 GiB", 3 * 2**29), ("512MiB", 2**29), ("", None)],
)
def test_memory_has_units(monkeypatch, text, size):
    monkeypatch.setenv("CONVOY_WORKER_MEMORY", text)
    assert environment.memory() == size


@pytest.mark.parametrize("text", ["much", "-1", "4 gigabytes", "0"])
def test_a_bad_memory_limit_is_an_error_that_says_what_is_allowed(monkeypatch, text):
    monkeypatch.setenv("CONVOY_WORKER_MEMORY", text)
    with pytest.raises(EnvironmentVariableError, match="such as 4GB"):
        environment.memory()
