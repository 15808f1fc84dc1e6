"""`python -m pipeline board` after a run whose results came from git: asked as a browser asks."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image
from support.project import run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
BOARD = [sys.executable, "-m", "pipeline", "board"]


class Server:
    """TensorBoard, started by the command."""

    def __init__(self, address):
        self.address = address
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, path, **content):
        body = json.dumps(content).encode() if content else None
        request = urllib.request.Request(
            f"{self.address}data/{path}", body, {"Content-Type": "application/json"}
        )
        with self.opener.open(request) as answer:
            return answer.read().decode()

    def tags(self, plugin):
        return json.loads(self.ask(f"plugin/{plugin}/tags"))

    def active(self):
        listed = json.loads(self.ask("plugins_listing"))
        return {name for name, plugin in listed.items() if plugin["enabled"]}


@contextmanager
def serving(folder):
    """Start the command; wait until TensorBoard has read all files."""
    process = subprocess.Popen(
        [*BOARD, "--port", "0"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://\S+", line):
                break
        server, late = Server(found[0]), time.monotonic() + 60
        wanted = {"scalars", "histograms", "graphs", "hparams", "projector"}
        while not wanted <= server.active() and time.monotonic() < late:
            time.sleep(0.2)
        yield server, said
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def from_git(make_finished):
    """Return a clone whose results and models are there, and in which nothing has run."""
    clone = make_finished()
    shutil.rmtree(clone / ".state")
    return clone


@pytest.fixture(scope="module")
def served(from_git):
    with serving(from_git) as found:
        yield found


def test_everything_that_the_practical_shows_is_there(served):
    server, _ = served
    assert {"scalars", "histograms", "graphs", "hparams", "projector"} <= server.active()


def test_final_training_and_search_have_their_scalars(served):
    server, _ = served
    scalars = server.tags("scalars")
    assert set(scalars["final/tuned/seed-1"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {"search/mlp/trial-0001", "search/mlp/trial-0002"} <= set(scalars)
    query = "plugin/scalars/scalars?run=final/tuned/seed-1&tag=val_accuracy"
    assert [step for _, step, _ in json.loads(server.ask(query))] == [1, 2]


def test_weights_and_graph_are_those_of_the_models(served):
    server, _ = served
    assert "logits/kernel" in server.tags("histograms")["final/baseline/seed-2"]
    graph = server.ask("plugin/graphs/graph?run=final/baseline/model&conceptual=false")
    assert 'name: "logits"' in graph and 'op: "Conv2D"' in graph


def test_the_projector_has_each_test_image_with_class_and_sprite(served, from_git):
    server, _ = served
    (shown,) = json.loads(server.ask("plugin/projector/info?run=."))["embeddings"]
    images = len(np.load(from_git / "data/split/test/labels.npy"))
    assert shown["tensorShape"][0] == images
    name = shown["tensorName"].replace(" ", "%20")
    rows = server.ask(f"plugin/projector/metadata?run=.&name={name}").splitlines()
    assert rows[0].split("\t") == ["class", "predicted", "right", "index"]
    assert len(rows) - 1 == images
    across = int(np.ceil(np.sqrt(images)))
    with Image.open(from_git / ".state/tensorboard/projector/images.png") as sprite:
        assert sprite.size == (28 * across, 28 * across)


def test_every_trial_is_in_the_table_of_hyperparameters(served):
    server, _ = served
    experiment = json.loads(server.ask("plugin/hparams/experiment", experimentName=""))
    assert {"units_1", "batch_size"} <= {info["name"] for info in experiment["hparamInfos"]}
    metrics = {info["name"]["tag"] for info in experiment["metricInfos"]}
    assert "val_accuracy" in metrics


def test_the_command_says_where_and_nothing_else_of_others(served):
    _, said = served
    assert [line for line in said if "test images" not in line] == said[-1:]
    assert said[-1].startswith("TensorBoard is at http://")


def test_what_is_shown_already_is_not_written_again_and_no_result_changes(served, from_git):
    files = {f: f.stat().st_mtime_ns for f in (from_git / ".state/tensorboard").rglob("*.*")}
    run(*BOARD, "--no-serve", cwd=from_git)
    assert {
        f: f.stat().st_mtime_ns for f in (from_git / ".state/tensorboard").rglob("*.*")
    } == files
    assert run("git", "status", "--short", cwd=from_git).stdout == ""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to look at the pages with")
@pytest.mark.parametrize("page", ["graphs", "projector"])
def test_a_browser_draws_it(served, tmp_path, page):
    server, _ = served
    shot = tmp_path / "shot.png"
    subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader",
         "--enable-unsafe-swiftshader", "--disable-background-networking",
         f"--user-data-dir={tmp_path / 'user'}", "--window-size=1440,900",
         "--virtual-time-budget=30000", f"--screenshot={shot}",
         f"{server.address}?darkMode=false#{page}"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with Image.open(shot) as picture:
        # The middle, without the bars: a page without a drawing is white there.
        middle = np.asarray(picture.convert("L").crop((360, 140, 1100, 860)))
    assert (middle < 200).mean() > 0.002
