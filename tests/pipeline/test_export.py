"""An exported model, used in a fresh process outside of the project as its card says."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML
from typer.testing import CliRunner

from pipeline.__main__ import app

ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime", "tf2onnx"))
FORMATS = ["keras", "saved_model", "litert", *["onnx"] * ONNX]
# The same interpreter in another package, which the pipeline has.
OF_TENSORFLOW = "import tensorflow as tf; Interpreter = tf.lite.Interpreter"


def call(*arguments):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def project(finished, monkeypatch):
    monkeypatch.chdir(finished)
    return finished


def program(card):
    """Return the program in a model card."""
    return re.search(r"```python\n(.*?)```", card, flags=re.DOTALL)[1]


def test_each_format_answers_elsewhere_as_predict_does(project, tmp_path):
    images = np.load("data/split/test/images.npy")
    picture = tmp_path / "picture.png"
    Image.fromarray(images[3, :, :, 0]).resize((90, 90)).save(picture)
    (answer,) = json.loads(call("predict", str(picture), "--json"))
    for name in FORMATS:
        said = call("export", "--format", name)
        # A model of two epochs has near ties, which the 16 bits of `predict` may turn.
        same = int(re.search(r"(\d+) of 359 test images have the same class", said)[1])
        assert same >= 355
        folder = project / "exported/tuned" / name
        code = program((folder / "MODEL_CARD.md").read_text())
        if name == "litert" and not importlib.util.find_spec("ai_edge_litert"):
            code = code.replace("from ai_edge_litert.interpreter import Interpreter", OF_TENSORFLOW)
        (tmp_path / f"{name}.py").write_text(code)
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    # One process for all, because TensorFlow takes seconds to load.
    every = "; ".join(f"runpy.run_path('{name}.py')" for name in FORMATS)
    command = [sys.executable, "-I", "-c", f"import runpy; {every}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert [label for label, _ in lines] == [answer["class"]] * len(FORMATS)
    # `predict` may compute with 16 bits.
    assert [float(share) for _, share in lines] == pytest.approx(
        [answer["probability"]] * len(FORMATS), abs=0.05
    )


def test_the_card_holds_what_was_measured(project):
    call("export", "--format", "keras", "--model", "baseline", "--license", "cc-by-4.0")
    card = (project / "exported/baseline/keras/MODEL_CARD.md").read_text()
    _, header, body = card.split("---\n", 2)
    found = YAML(typ="safe").load(header)
    scores = json.loads((project / "results/metrics.json").read_text())["models"][1]
    (result,) = found["model-index"][0]["results"]
    assert found["license"] == "cc-by-4.0"
    assert found["datasets"] == ["digits"]
    assert result["dataset"]["name"] == "digits"
    assert result["metrics"][0]["value"] == pytest.approx(scores["accuracy"], abs=1e-4)
    low, high = scores["accuracy_interval"]
    assert f"| {low:.4f} to {high:.4f} |" in body
    assert body.count("| 36 |") >= 5  # support of a class
    assert "seeds 1, 2; seed" in body
    assert not re.search(r"{{|{%|None|Undefined", body)


def test_results_of_another_model_are_refused(project):
    table = project / "results/predictions.csv"
    rows = table.read_text().splitlines()
    column = rows[0].split(",").index("tuned_predicted")
    cells = [row.split(",") for row in rows[1:]]
    for row in cells[:20]:
        row[column] = str((int(row[column]) + 1) % 10)
    table.write_text("\n".join([rows[0], *(",".join(row) for row in cells)]) + "\n")
    result = CliRunner().invoke(app, ["export"])
    assert result.exit_code == 1
    assert "of another model than models/tuned" in result.stderr
    assert not (project / "exported/tuned/keras").exists()


def test_without_test_images(project):
    shutil.rmtree("data/split/test")
    result = CliRunner().invoke(app, ["export"])
    assert result.exit_code == 1
    assert "data/split/test: no test images to check the export with" in result.stderr
