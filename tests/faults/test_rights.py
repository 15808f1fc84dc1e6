"""What may not be read or written: one line with its name, and what to type."""

import sys

import pytest
from support.project import ROOT
from support.rights import needs_rights, run
from support.runs import write_run

CASES = {
    "results/metrics.json": (
        ["summary"],
        "results/metrics.json: permission denied. Make it readab",
    ),
    "results": (["fresh"], "results: Permission denied. Make ./ and what is in it readable"),
    "params.yaml": (["doctor"], "params.yaml: cannot be read: Permission denied. Make it readable"),
    ".state": (["store"], ".state/store: cannot keep the store here: [Errno 13]"),
}


@needs_rights
@pytest.mark.parametrize("path", CASES)
def test_what_may_not_be_read_is_one_line_with_its_name_and_what_to_do(tmp_path, path):
    write_run(tmp_path, ["cat", "dog"], wrong=20)
    (tmp_path / "pipeline").symlink_to(ROOT / "pipeline")
    (tmp_path / ".state").mkdir()
    before = (tmp_path / path).stat().st_mode
    (tmp_path / path).chmod(0)
    try:
        command, said = CASES[path]
        status, text = run(sys.executable, "-m", "pipeline", *command, cwd=tmp_path)
    finally:
        (tmp_path / path).chmod(before)
    assert status == 1 and said in text
    assert "readable" in text and "Traceback" not in text
