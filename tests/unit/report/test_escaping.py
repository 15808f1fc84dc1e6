import html
import re

import pytest
from markdown_it import MarkdownIt

from pipeline.report import escaping

# What GitHub makes a link, a mention or a picture of, in the text that Markdown has become: its
# own specification (autolinks), and "Autolinked references and URLs" in its documentation.
AUTOLINKS = re.compile(
    r"www\.|(https?|ftp)://|[@#]\w|[\w.+-]+@\w|GH-\d|\b[0-9a-f]{7,40}\b|:[\w+-]+:", re.IGNORECASE
)
HOSTILE = [
    "www.evil.example",
    "WWW.evil.example/x?y=z",
    "https://evil.example/x",
    "HTTP://evil.example",
    "see ftp://evil.example, or mailto:me@evil.example",
    "#12",
    "a/b#3",
    "GH-12",
    "@name",
    "@our/team",
    "me@evil.example",
    "a/b@0123abc",
    "0123456789abcdef0123456789abcdef01234567",
    ":octocat:",
    "[text](https://evil.example)",
    "![text](//evil.example/x.png)",
    "<https://evil.example>",
    "<a href='https://evil.example'>x</a>",
]
PLAIN = [
    "tune_x.trials",
    "95 % interval",
    "1/100",
    "0.0012345678",
    "0 # 1",
    "a & b < c",
    "C|D",
    "x: y",
]


def shown(markdown):
    """Return the text that a reader of the rendered cell would see."""
    page = MarkdownIt("commonmark", {"html": True}).render(f"- {markdown}")
    return html.unescape(re.sub(r"</?(ul|li)>\n?", "", page)).strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_makes_no_link_and_reads_as_before(text):
    assert AUTOLINKS.search(text) or "//" in text, "the test itself would find nothing"
    seen = shown(escaping.markdown(text))
    assert not AUTOLINKS.search(seen)
    assert seen.replace(escaping.JOINER, "") == text


@pytest.mark.parametrize("text", PLAIN)
def test_a_text_that_links_nothing_can_be_copied_as_it_is(text):
    assert shown(escaping.markdown(text)) == text


@pytest.mark.parametrize("text", ["*x*", "_x_", "`x`", "~~x~~", "a\n# b", "|", "\\<b>"])
def test_markup_is_text(text):
    seen = shown(escaping.markdown(text))
    assert seen.replace(escaping.JOINER, "") == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("a\x9bb", "a\\x9bb"),
        ("a\u2060b\u200b", "a\\u2060b\\u200b"),
        ("one\ntwo\tthree", "one two three"),
        ("\x00", "\\x00"),
    ],
)
def test_what_cannot_be_seen_is_shown(text, seen):
    assert shown(escaping.markdown(text)) == seen
