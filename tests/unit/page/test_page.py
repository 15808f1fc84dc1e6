"""The page of results alone, without models and images, as text and in a browser."""

import json
import re
import shutil
from dataclasses import asdict

import pytest
from support.browser import DESK, PHONE, browser, needs_chromium, opened
from support.project import ROOT
from support.runs import write_run

from pipeline.base import paths
from pipeline.base.errors import ConvoyError
from pipeline.commands import classes
from pipeline.page import command
from pipeline.page.rendering import SECTIONS
from pipeline.running.costs import Cost

# Each tries to get out of the place where it stands: element, attribute, script, style, chart.
HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "{{ 7 * 7 }}</style>",
    "javascript:alert(3)",
    "https://example.org/x.png",
    "a very long name of a class that would never fit into a column of a table of anything at all",
    "<!--",
    "\N{RIGHT-TO-LEFT OVERRIDE}evil $x^2$ \\",
]
RUNS = {
    "hostile": {
        "classes": HOSTILE,
        "wrong": 20,
        "trials": 12,
        "files": [f"{HOSTILE[1]}/{n}" for n in range(200)],
    },
    "hundred classes": {"classes": [f"class {n}" for n in range(100)], "wrong": 90},
    "one seed, no mistake": {"classes": ["cat", "dog"], "wrong": 0, "seeds": 1, "trials": 2},
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Write the page of the committed results, and of each run; return their files by name."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("committed", *RUNS):
            folder = tmp_path_factory.mktemp("page")
            patch.chdir(folder)
            if name == "committed":
                shutil.copytree(ROOT / "results", folder / "results")
                for file in ("params.yaml", "dvc.yaml", "dvc.lock"):
                    shutil.copy(ROOT / file, folder)
            else:
                write_run(folder, **RUNS[name])
            if name == "hostile":
                cost = Cost("evaluate", "digits", {}, 0, 0, 1.0, 2.0, 300.0, 0.1)
                paths.COSTS.parent.mkdir(parents=True)
                paths.COSTS.write_text(json.dumps(asdict(cost)) + "\n")
            made[name] = command.write(None, None)
    return made


def read(path):
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["committed", *RUNS])
def test_the_page_is_one_small_file_without_an_address_to_load(pages, name):
    text = read(pages[name])
    assert len(text) < 5 * 2**20
    body = re.sub(r"<script[^>]*>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"<(?:link|iframe|object|base)\b", body)
    assert not re.findall(r"\bsrc=\"(?!data:image/)", body)
    assert re.findall(r'<section id="(\w+)"', body) == [*SECTIONS]


def test_the_sentence_of_the_verdict_has_the_numbers_of_the_table(pages):
    text = re.sub(r"<[^>]+>", " ", read(pages["committed"]).partition('<section id="model"')[0])
    metrics = json.loads((ROOT / "results/metrics.json").read_text(encoding="utf-8"))
    sentence = re.search(rf"{metrics['verdict'].capitalize()}: .*? points \(", text)[0]
    table = text.partition("macro F1")[2]
    for model in metrics["models"]:
        shown = f"{100 * model['accuracy_mean_of_seeds']:.2f}"
        assert shown in sentence
        assert shown in table
    difference = f"{100 * metrics['tuned_against_baseline'][0]['difference']:+.2f}"
    assert difference.replace("-", "−") in sentence


def test_without_a_model_the_sections_that_need_one_say_so(pages):
    text = read(pages["committed"])
    for section in ("model", "features", "heat_maps"):
        part = text.partition(f'<section id="{section}"')[2].partition("</section>")[0]
        assert "not here" in part, section


def test_few_trials_say_nothing_of_importance_and_many_do(pages):
    assert "Too few trials to say: 4, " in read(pages["committed"])
    assert "Permutation importance of a random forest over 12 trials" in read(pages["hostile"])


def test_no_two_curves_of_classes_have_one_colour(pages):
    spec = re.search(
        r"\{[^<]*ROC curve of each class against the rest.*?(?=</script>)", read(pages["committed"])
    )
    *_, lines = json.loads(spec[0])["layer"]
    colours = lines["encoding"]["color"]["scale"]
    assert len(set(colours["range"])) == len(colours["domain"]) == 8
    # One image of an 8 is taken for a 1, so that other images are surer to be a 1.
    assert "1" in colours["domain"]


def test_a_run_without_mistakes_says_so(pages):
    text = read(pages["one seed, no mistake"])
    assert "makes no mistake on 200 test images" in text
    assert "which one seed has none of" in text
    assert "Every prediction is the same, image for image." in text


def test_the_cost_is_that_of_this_machine_and_not_in_git(pages):
    assert "run of 1 stage took <strong>3.0 s</strong>" in read(pages["hostile"])
    assert "has no record of what the run cost" in read(pages["committed"])


def test_names_are_shown_and_never_run(pages):
    text = read(pages["hostile"])
    body = re.sub(r"<script type=\"application/json\"[^>]*>.*?</script>", "", text, flags=re.DOTALL)
    assert "<script>alert" not in text
    assert "<img src=x" not in body
    assert "{{ 7 * 7 }}" in body


def test_without_results_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception, match=r"results/metrics.json at workspace: no results yet"):
        command.write(None, None)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda found: found.pop("yardsticks"), "yardsticks: field required"),
        (lambda found: found.pop("models"), "models: field required"),
        (lambda found: found["models"][0].pop("parameters"), "parameters: field required"),
        (lambda found: found["models"].pop(), "no model 'baseline'"),
        (lambda found: found["behind_yardsticks"].append("hog_svm"), "no yardstick 'hog_svm'"),
    ],
)
def test_metrics_of_another_version_are_an_error_that_names_them(tmp_path, monkeypatch, edit, said):
    write_run(tmp_path, ["cat", "dog"], wrong=2)
    monkeypatch.chdir(tmp_path)
    found = json.loads(paths.METRICS.read_text())
    edit(found)
    paths.METRICS.write_text(json.dumps(found))
    with pytest.raises(ConvoyError, match=rf"results/metrics.json at workspace: .*{said}"):
        command.write(None, None)


def test_what_was_not_counted_is_not_claimed(pages):
    assert "No test image is equal or nearly equal" not in read(pages["hostile"])
    assert "Not counted in these results." in read(pages["hostile"])
    assert "Not counted in these results." not in read(pages["committed"])


def test_a_class_without_test_images_has_no_scores(tmp_path, monkeypatch, capsys):
    write_run(tmp_path, ["cat", "dog", "emu"], wrong=1, images=2)
    monkeypatch.chdir(tmp_path)
    command.write(tmp_path / "page.html", None)
    row = re.search(
        r'<tr><th scope="row">emu</th>(?:<td class="n"></td>){3}', read(tmp_path / "page.html")
    )
    assert row
    classes.show("tuned")
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "emu" in line]
    assert line.split() == ["emu", "0"]


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@needs_chromium
@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("committed", DESK, "light"),
        ("committed", PHONE, "dark"),
        ("hostile", PHONE, "light"),
        ("hundred classes", DESK, "dark"),
        ("one seed, no mistake", PHONE, "dark"),
    ],
)
def test_in_a_browser_everything_is_drawn_and_nothing_leaves(pages, chromium, name, width, scheme):
    with opened(chromium, pages[name], width, scheme) as shown:
        assert shown.charts()[0] >= 10
        assert shown.charts()[1] == 0
        assert shown.wider_than_the_window() == 0
        assert shown.serious_faults() == []
        assert (shown.errors, shown.requests) == ([], [])


@needs_chromium
def test_the_keyboard_reaches_and_works_every_control(pages, chromium):
    with opened(chromium, pages["committed"]) as shown:
        page = shown.page
        assert shown.not_reached_by_tab() == []
        # A cell of mistakes opens its images, and closes again.
        page.locator(".matrix .wrong button").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("#cell img").count() == 1
        page.keyboard.press("Enter")
        assert page.locator("#cell").is_hidden()
        # The table is sorted by a column, both ways.
        table = page.locator("#confusion .sortable").first
        recall = table.locator("tbody td:nth-child(3)")
        table.locator("th button", has_text="recall").focus()
        for order in (
            sorted(recall.all_inner_texts(), reverse=True),
            sorted(recall.all_inner_texts()),
        ):
            page.keyboard.press("Enter")
            assert recall.all_inner_texts() == order
        # A range on an axis leaves some trials out.
        status = page.locator(".panel:not([hidden]) [role=status]")
        page.locator(".panel:not([hidden]) [role=slider]").last.focus()
        page.keyboard.press("Home")
        assert status.inner_text() == "1 of 4 trials selected"
        page.locator(".panel:not([hidden]) summary").first.press("Enter")
        assert page.locator(".panel:not([hidden]) tr[data-trial]:visible").count() == 1
        page.get_by_role("button", name="Show all trials").press("Enter")
        assert status.inner_text() == "4 of 4 trials selected"
        # Another architecture has a panel of its own.
        page.locator("#architecture").select_option("mlp")
        assert page.locator(".panel:visible h3").first.inner_text().endswith("mlp")
        assert shown.errors == []


@needs_chromium
def test_a_drag_along_an_axis_selects_trials(pages, chromium):
    with opened(chromium, pages["committed"]) as shown:
        page = shown.page
        axis = page.locator(".panel:not([hidden]) .grab").first
        axis.scroll_into_view_if_needed()
        box = axis.bounding_box()
        x, top = box["x"] + box["width"] / 2, box["y"]
        page.mouse.move(x, top + 25)
        page.mouse.down()
        page.mouse.move(x, top + 200, steps=4)
        page.mouse.up()
        # Both values of the axis stand at its ends.
        status = page.locator(".panel:not([hidden]) [role=status]")
        assert status.inner_text() == "0 of 4 trials selected"
        handle = page.locator(".panel:not([hidden]) .handle").nth(1).bounding_box()
        page.mouse.move(x, handle["y"] + 3)
        page.mouse.down()
        page.mouse.move(x, top, steps=4)
        page.mouse.up()
        assert re.fullmatch(r"[123] of 4 trials selected", status.inner_text())


@needs_chromium
def test_on_paper_nothing_is_closed_or_dark(pages, chromium):
    with opened(chromium, pages["committed"], scheme="dark") as shown:
        page = shown.page
        page.set_viewport_size({"width": 680, "height": 960})  # the width of A4 without margins
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("details:not([open])").count() == 0
        assert shown.wider_than_the_window() == 0
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
