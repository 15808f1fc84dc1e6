import io
import json
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from PIL import Image
from support.repositories import CLASSES, commit, new_repository, write_results, wrong_models

from pipeline.page.comparison import as_html
from pipeline.report import rendering, snapshots, wording
from pipeline.report.comparing import compare
from pipeline.report.history import History, Point
from pipeline.report.results import Results, ResultsError

GOOD = wrong_models(range(2), range(3), range(1, 3))
BAD = wrong_models(range(20, 50), range(20, 52), range(20, 49))
HOSTILE = [
    *("@everyone", "<img src=x onerror=alert(1)>", "a|b", "[x](http://e.org)"),
    *("https://evil.example/x", "www.evil.example", "#12", "a/b#3", *CLASSES[8:]),
]


@pytest.fixture
def compared(tmp_path, monkeypatch):
    def build(first=GOOD, second=BAD, classes=CLASSES):
        monkeypatch.chdir(new_repository(tmp_path))
        write_results(tmp_path, first, classes=classes)
        commit(tmp_path, "base")
        write_results(tmp_path, second, classes=classes)
        old, new = Results(snapshots.revision("HEAD")), Results(snapshots.workspace())
        return compare(old, new), old, new

    return build


def html_of(markdown):
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)


def test_the_first_line_says_it_all(compared):
    report, *_ = compared()
    marker, first = rendering.as_markdown(report).splitlines()[:2]
    assert marker == rendering.MARKER
    assert first.startswith(
        "## ❌ Worse: test accuracy −0.0700 in the mean of 3 seeds (95 % interval"
    )
    assert first.endswith("2 fixed, 30 broken (p < 0.001)")


def test_markdown_becomes_tables_and_not_text(compared):
    report, *_ = compared()
    page = html_of(
        rendering.as_markdown(
            report, old_url="https://e.org/a/{path}", new_url="https://e.org/b/{path}"
        )
    )
    assert page.count("<table>") >= 7
    assert "| ---" not in page
    assert '<img src="https://e.org/b/results/pictures/learning_curves.png"' in page
    assert page.count("<details>") == page.count("</details>")


def test_one_seed_is_said_plainly(compared):
    report, *_ = compared(wrong_models(range(2)), wrong_models(range(20, 50)))
    text = rendering.as_markdown(report)
    assert "Only these two trained models were compared" in text


def test_texts_from_a_repository_are_shown_and_not_obeyed(compared):
    report, old, new = compared(classes=HOSTILE)
    markdown = rendering.as_markdown(report)
    page = html_of(markdown)
    for text in ("@everyone", "https://", "www.", "#12", "b#3"):
        assert text not in markdown
    assert "<img" not in page
    assert 'href="http://e.org"' not in page
    assert "a|b" in page
    assert "<img src=x" not in as_html(report, old, new)


def test_a_summary_is_html_and_shows_no_backslashes(compared):
    others = [image for image in range(30) if image % 10 != 3]
    worse_in_one = wrong_models(*[range(3, 103, 10)] * 3)
    report, *_ = compared(wrong_models(*[others] * 3), worse_in_one, HOSTILE)
    text = rendering.as_markdown(report)
    summaries = [line for line in text.splitlines() if "<summary>" in line]
    assert any("Classes: 1 worse" in line for line in summaries)
    assert not any("\\" in line for line in summaries)


@pytest.mark.parametrize(
    "points", [[], [Point("1234567", "2024-01-01", 0.9, 0.8, 0.95, 400, True)]]
)
def test_a_base_is_not_taken_for_the_head_and_gaps_are_always_said(compared, points):
    report, old, new = compared()
    report = replace(report, history=History(points, gaps=["the clone is shallow"]))
    text, page = rendering.as_markdown(report), as_html(report, old, new)
    for shown in (html_of(text), page):
        assert "Not everything was read: the clone is shallow." in shown
    assert "(here)" not in text
    assert '"what": "here"' not in page


def test_numbers_of_images_are_no_numbers_of_issues(compared):
    report, *_ = compared()
    markdown = rendering.as_markdown(report)
    assert "| 20 | 0 | 0 (0.91) | 1 (0.75) |" in markdown
    assert not re.search(r"#\d", markdown)


def test_the_page_carries_pictures_of_what_was_fixed_and_broken(compared):
    report, old, new = compared()
    page = as_html(report, old, new)
    assert page.count('alt="test image ') == 32
    assert 'src="http' not in page
    assert page.index("Broken: 30") < page.index("Fixed: 2") < page.index("What changed")


def test_a_sheet_without_its_numbers_is_an_error_that_names_it(compared):
    report, old, new = compared()
    plain = io.BytesIO()
    Image.new("L", (8, 8)).save(plain, format="PNG")
    sheet = "results/pictures/mistakes_sheet.png"
    files = {**new.snapshot.files, sheet: plain.getvalue()}
    packed = Results(replace(new.snapshot, files=files))
    with pytest.raises(ResultsError, match=r"mistakes_sheet\.png at workspace is not as"):
        as_html(report, old, packed)


def test_json_holds_every_fact(compared):
    report, *_ = compared()
    content = json.loads(rendering.as_json(report))
    assert content["word"] == "worse"
    assert content["verdict"]["broken"] == 30
    assert len(content["per_class"]) == 10


def test_not_comparable_is_rendered_too(compared):
    report, old, new = compared()
    report = compare(Results(snapshots.Snapshot("empty", "", {})), new)
    assert "🚫 Not comparable" in rendering.as_markdown(report)
    assert "Not comparable" in as_html(report, old, new)


STEERING = {"a\x1b[31m": r"a\x1b[31m", "b\u202ec": r"b\u202ec", "d\x9be": r"d\x9be"}


@pytest.mark.parametrize("raw", STEERING)
def test_what_cannot_be_seen_is_shown_in_every_format(compared, raw):
    report, old, new = compared()
    report = replace(report, classes=[raw, *CLASSES[1:]])  # as a hostile revision has it
    for text in (
        html_of(rendering.as_markdown(report)),
        as_html(report, old, new),
    ):
        assert raw not in text and STEERING[raw] in text
    text = rendering.as_json(report)
    assert raw not in text and json.loads(text)["classes"][0] == raw


def test_a_value_with_parts_is_written_without_code():
    parts = [{"precision": 0.9, "reached": [0.98, 1.0]}, {"precision": 0.95, "reached": None}]
    assert wording.value(parts) == "precision 0.9, reached 0.98, 1; precision 0.95, reached –"
