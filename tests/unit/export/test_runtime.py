"""The program for the browser, brought by an npm that goes wrong."""

import os
from pathlib import Path

import pytest

from pipeline.base.errors import ConvoyError
from pipeline.export import runtime

ARCHIVE = "onnxruntime-web-1.30.0.tgz"


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("echo no network >&2; exit 1", r"npm cannot bring .*: no network"),
        (f"echo {ARCHIVE}", "expected q0y.* It was not used"),
    ],
)
def test_what_npm_has_not_brought_whole_is_not_kept(tmp_path, monkeypatch, then, said):
    kept, npm = tmp_path / "kept", tmp_path / "bin/npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/sh\necho half > {ARCHIVE}\n{then}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(runtime, "KEPT", kept)
    with pytest.raises(ConvoyError, match=said):
        runtime.bring()
    assert list(kept.iterdir()) == []
    assert not Path(ARCHIVE).exists()
