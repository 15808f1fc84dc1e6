"""The page to try a model answers in a real browser as `predict` does, without a network."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.project import ROOT
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.data import pictures
from pipeline.export import formats, runtime
from pipeline.export.portable import portable
from pipeline.training import saving

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not here")


@pytest.fixture(scope="module")
def page(make_finished):
    """Export the page of a finished run, in which the tests then are; return its file."""
    with pytest.MonkeyPatch.context() as patch:
        clone = make_finished()
        patch.chdir(clone)
        # Brought once for this checkout, not once for each test.
        patch.setattr(runtime, "KEPT", ROOT / ".state/npm")
        try:
            formats.check_installed("onnx")
            runtime.bring()
        except ConvoyError as error:
            pytest.skip(str(error))
        result = CliRunner().invoke(app, ["export", "--format", "web"])
        assert result.exit_code == 0, result.output
        yield clone / "exported/tuned/web/index.html"


@pytest.fixture
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


def opened(browser, file, width=1440, scheme="light"):
    """Open the page as by a double click, and wait for the model; return page and complaints."""
    size = {"width": width, "height": 900}
    view = browser.new_context(offline=True, viewport=size, color_scheme=scheme).new_page()
    wrong = []
    view.on("console", lambda said: wrong.append(said.text))
    view.on("pageerror", lambda error: wrong.append(str(error)))
    view.on(
        "request",
        lambda asked: asked.url.startswith(("file:", "blob:")) or wrong.append(asked.url),
    )
    view.goto(file.as_uri())
    playwright.expect(view.locator("#state")).to_have_text("Ready.", timeout=60_000)
    return view, wrong


def answered(view, file):
    """Choose a picture file on the page; return the probabilities that it gives."""
    view.set_input_files("#file", str(file))
    body = view.locator("body")
    playwright.expect(body).to_have_attribute("data-probabilities", re.compile("."))
    return json.loads(body.get_attribute("data-probabilities"))


def test_the_answers_are_those_of_predict(page, browser, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    images = np.load(paths.TEST / "images.npy")
    for number in range(20):
        Image.fromarray(images[number, :, :, 0]).save(folder / f"{number:02}.png")
    # Of another size, in colour, and ink on paper.
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((300, 200)).save(folder / "20.png")
    Image.fromarray(255 - images[3, :, :, 0]).resize((90, 90)).save(folder / "21.png")
    said = CliRunner().invoke(app, ["predict", str(folder), "--json"])
    expected = json.loads(said.stdout)

    index = json.loads((paths.MODELS / "tuned/models.json").read_text())
    model = portable(saving.load(paths.MODELS / f"tuned/seed-{index['released']}.keras"))
    view, wrong = opened(browser, page)
    for answer in expected:
        found = answered(view, answer["file"])
        read = pictures.read(Path(answer["file"]), (28, 28), 1, "squash")
        exact = model.predict(read[np.newaxis], verbose=0)[0]
        assert found == pytest.approx(exact.tolist(), abs=1e-5), answer["file"]
        # `predict` may compute with 16 bits.
        assert max(found) == pytest.approx(answer["probability"], abs=0.05)
        assert view.locator("#answer").text_content() == index["classes"][exact.argmax()]
        warning = view.locator("#warning")
        assert warning.is_visible() == bool(answer["unlike"])
        parts = [part for part in answer["unlike"] if not part.startswith("try")]
        assert all(part in warning.text_content() for part in parts)
        inverted = "try --invert" in answer["unlike"]
        assert ("try its negative" in (warning.text_content() or "")) == inverted
    assert wrong == []


def test_a_drawing_a_negative_and_an_unsure_answer(page, browser):
    view, wrong = opened(browser, page, width=390)
    box = view.locator("#pad").bounding_box()
    view.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.1)
    view.mouse.down()
    view.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.9, steps=8)
    view.mouse.up()
    playwright.expect(view.locator("#bars li")).to_have_count(5)
    drawn = view.locator("body").get_attribute("data-probabilities")
    view.check("#invert")
    playwright.expect(view.locator("body")).not_to_have_attribute("data-probabilities", drawn)
    view.uncheck("#invert")
    playwright.expect(view.locator("body")).to_have_attribute("data-probabilities", drawn)
    offered = view.locator("#precision option")
    if offered.count() > 1:  # the tiny model may keep no precision at all
        value = float(offered.last.get_attribute("value"))
        view.select_option("#precision", index=offered.count() - 1)
        unsure = max(json.loads(drawn)) < value
        assert (view.locator("#answer").text_content() == "unsure") == unsure
    view.click("#clear")
    playwright.expect(view.locator("#answer")).to_be_empty()
    wide = view.locator("body").evaluate("body => body.scrollWidth - body.clientWidth")
    assert wide == 0
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(page, browser, tmp_path, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-core")
    Image.new("L", (28, 28), 255).save(tmp_path / "white.png")
    view, _ = opened(browser, page, scheme=scheme)
    answered(view, tmp_path / "white.png")
    found = axe.Axe().run(view).response
    assert any(rule["id"] == "color-contrast" for rule in found["passes"])
    assert [fault["id"] for fault in found["violations"]] == []


def test_a_package_of_other_bytes_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "KEPT", tmp_path)
    (tmp_path / "onnxruntime-web-1.30.0.tgz").write_bytes(b"something else")
    with pytest.raises(ConvoyError, match="expected q0y"):
        runtime.bring()
    assert list(tmp_path.iterdir()) == []


def test_without_npm_the_page_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "KEPT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConvoyError, match="needs npm once"):
        runtime.bring()
