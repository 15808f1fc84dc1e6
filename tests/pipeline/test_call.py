import subprocess
import sys

from pipeline.commands import call


def test_without_an_activated_environment_dvc_and_its_stages_are_this_python_s(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    subprocess.run(["git", "init", "-q"], check=True)
    assert call.dvc("init", "-q").returncode == 0
    (tmp_path / "dvc.yaml").write_text(
        "stages: {say: {cmd: python -c 'import sys; print(sys.prefix)'}}"
    )
    assert sys.prefix in call.dvc("repro", quiet=True).stdout
