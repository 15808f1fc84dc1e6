"""What the documentation shows is what is there."""

import json
import re

import pytest
import results_table
import tutorial_notebook
from support.project import ROOT

PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]
]


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def test_the_results_in_the_readme_are_the_committed_ones():
    metrics = json.loads(results_table.METRICS.read_text(encoding="utf-8"))
    assert text("README.md") == results_table.updated(text("README.md"), metrics), "run `make docs`"


def test_the_notebook_is_the_tutorial():
    assert text("docs/tutorial.ipynb") == tutorial_notebook.made(text("docs/tutorial.md")), (
        "run `make docs`"
    )


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    prose = re.sub(r"```.*?```", "", text(page), flags=re.S)
    links = [link for link in re.findall(r"\]\(([^)#]+)", prose) if "://" not in link]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page):
    named = re.findall(
        r"`((?:pipeline|tests|docs|benchmarks|experiments|\.github)/[\w./]+)`", text(page)
    )
    examples = ("NAME", "ARCH", "mine")
    missing = [name for name in named if not (ROOT / name).exists()]
    assert [name for name in missing if not any(word in name for word in examples)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_names_what_draws_it(page):
    parts = ["", *text(page).split("\n\n"), ""]
    source = r"`(python docs/pictures/\w+\.py|\w+)` draws|drawn by `python docs/pictures/"
    for number, part in enumerate(parts):
        if part.startswith("!["):
            assert re.search(source, f"{parts[number - 1]} {parts[number + 1]}"), part


def test_every_page_is_in_the_index():
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"]({page})" not in text("docs/README.md")} == set()


def test_every_benchmark_is_in_its_index():
    names = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"__init__"}
    index = text("benchmarks/README.md")
    assert {name for name in names if not re.search(rf"`{name}\b", index)} == set()
