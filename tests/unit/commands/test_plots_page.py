"""DVC's page of charts, made from the committed results: it needs no network, and none is empty."""

import csv
import json
import re
import shutil

import pytest
from support.browser import MARKS, browser, needs_chromium, opened
from support.project import ROOT, run

# Names of classes, and what a revision that is looked at could have in their place.
HOSTILE = {"0": "</script><script>alert(1)</script>", "1": "<img src=x onerror=alert(2)>"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Return a clone with the committed results, after `make setup`."""
    folder = tmp_path_factory.mktemp("clone")
    for name in run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).stdout.splitlines():
        if name.startswith((".dvc", "dvc.", "params.yaml", "results/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    run("git", "init", "-q", cwd=folder)
    run("python", "-m", "pipeline", "plots-page", cwd=folder, PYTHONPATH=str(ROOT))
    return folder


@pytest.fixture(scope="module")
def page(clone):
    run("dvc", "plots", "show", cwd=clone)
    return clone / "dvc_plots/index.html"


def tables(folder):
    """Return the number of rows of each table that is to be a chart and is not empty."""
    found = {}
    for pattern in ("predictions.csv", "classes.csv", "trials/*", "search/*.csv", "train/*"):
        for path in (folder / "results").glob(pattern):
            with path.open() as stream:
                found[path.relative_to(folder).as_posix()] = len(list(csv.DictReader(stream)))
    described = json.loads((folder / "results/data.json").read_text(encoding="utf-8"))
    # Results from before there was a chart of them have no rows for it.
    found["results/data.json"] = len(described.get("classes", []))
    return {path: rows for path, rows in found.items() if rows}


def fields(specification, key):
    """Yield each text under `key`, or in a list there, of a specification without its data."""
    if isinstance(specification, dict):
        for name, value in specification.items():
            if name == key and not isinstance(value, dict):
                yield from [value] if isinstance(value, str) else value
            elif name != "data":
                yield from fields(value, key)
    elif isinstance(specification, list):
        for value in specification:
            yield from fields(value, key)


def test_each_chart_has_rows_with_the_fields_that_it_draws(clone):
    text = run("dvc", "plots", "show", "--json", cwd=clone).stdout
    charts = json.loads(text[text.index("\n{") :] if "\n{" in text else text)["data"]
    drawn = {name: kinds[0] for name, kinds in charts.items() if kinds}
    drawn = {name: kind["content"] for name, kind in drawn.items() if kind["type"] == "vega"}
    expected = tables(clone)
    assert set(drawn) >= {"learning curves", "results/predictions.csv", *expected}
    for name, content in drawn.items():
        rows = content["data"]["values"]
        assert len(rows) == expected.get(name, len(rows)) > 0, name
        made = set(fields(content, "as")) | {"filename"}
        assert set(fields(content, "field")) - made <= set(rows[0]), name


def test_the_page_loads_nothing(page):
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"<(?:script|link|iframe)[^>]+(?:src|href)=", text)
    assert '<meta charset="utf-8">' in text


@needs_chromium
def test_a_browser_without_network_draws_each_chart(clone, page):
    names = [re.sub(r"\W", "_", name) for name in ("learning curves", *tables(clone))]
    with browser() as chromium, opened(chromium, page) as shown:
        # DVC's page has no mark for what is a chart, but their names.
        for name in names:
            shown.page.wait_for_selector(f"#{name} svg")
        assert [n for n in names if not shown.count(f"#{n} :is({MARKS})")] == []
        assert (shown.errors, shown.requests) == ([], [])


@needs_chromium
def test_a_revision_whose_names_are_markup_runs_nothing(clone, tmp_path):
    hostile = shutil.copytree(clone, tmp_path / "hostile")
    table = hostile / "results/classes.csv"
    text = table.read_text(encoding="utf-8")
    for name, markup in HOSTILE.items():
        assert f"tuned,{name}," in text
        text = text.replace(f"tuned,{name},", f"tuned,{markup},")
    table.write_text(text, encoding="utf-8")
    run("dvc", "plots", "show", cwd=hostile)
    with browser() as chromium, opened(chromium, hostile / "dvc_plots/index.html") as shown:
        shown.page.wait_for_selector("#learning_curves svg")
        assert "results_classes_csv cannot be drawn" in shown.page.inner_text("body")
        assert not [said for said in shown.errors if "dialog" in said]
        assert shown.requests == []


def test_without_the_package_it_says_what_to_do(clone):
    hidden = "import sys; sys.modules['js_lib_vega_embed'] = None\n"
    main = "from pipeline.__main__ import app; app(['plots-page'])"
    done = run("python", "-c", hidden + main, cwd=clone, check=False, PYTHONPATH=str(ROOT))
    assert done.returncode == 1
    assert "js_lib_vega_embed, is not installed. Run `make setup`" in done.stdout
