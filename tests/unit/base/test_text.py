"""Texts that others have chosen can be shown: nothing unseen, nothing secret, nothing endless."""

import sys
import unicodedata

import pytest

from pipeline.base.files import read_csv, write_csv
from pipeline.base.text import brief, shown, visible, without_credentials, without_secrets_of

EVERY_CHARACTER = [chr(number) for number in range(sys.maxunicode + 1)]
UNSEEN = [c for c in EVERY_CHARACTER if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
STEERING = (
    "\x00\x07\b\t\n\r\x1b\x7f\x85\x9b\xad\ufeff"
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"
)


def test_no_character_that_cannot_be_seen_is_left():
    # Two joiners of letters stay: Persian and emoji need them, and they steer nothing.
    assert {c for c in UNSEEN if visible(c) == c} == {"\u200c", "\u200d"}
    for character in STEERING:
        assert visible(f"a{character}b").isascii() and len(visible(character)) > 1


def test_what_can_be_seen_stays_as_it_is():
    others = "".join(EVERY_CHARACTER[::101]).translate({ord(c): None for c in UNSEEN})
    for text in (
        others,
        "Größe",
        "日本語",
        "naïve café",
        "👩‍🔬",
        "می‌خواهم",
        "a\u0301",
        "-1 % $x$ [b]",
        "",
    ):
        assert visible(text) == text


def test_two_texts_that_differ_in_something_unseen_are_shown_differently():
    # A byte that is not UTF-8 is shown as the control character of its number is.
    assert len({visible(c) for c in UNSEEN}) == len(UNSEEN) - 33
    assert visible("\udcff") == r"\xff"


def test_line_ends_are_kept_where_they_are_meant():
    assert visible("a\nb\x1b", keep="\n") == "a\nb\\x1b"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.0, "1.0"),
        (float("nan"), "nan"),
        ("1", "'1'"),
        ("a\nb", r"'a\nb'"),
        ([1, [None, {"a": "b"}]], "[1, [null, {a: 'b'}]]"),
        ([[[[1]]]], "[[[[…]]]]"),
        ({}, "{}"),
        ("x" * 1000, f"'{'x' * 80}…' (1,000 characters)"),
        pytest.param(10**5000, "a whole number of 5,001 digits", id="giant"),
    ],
)
def test_a_value_is_shown_as_in_yaml(value, text):
    assert shown(value) == text


def test_whatever_is_shown_is_one_short_line():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in (
        "\n" * 10**6,
        list(range(10**6)),
        {str(i): "\x1b" * 99 for i in range(999)},
        deep,
    ):
        assert shown(value).isprintable() and len(shown(value)) < 120
    assert brief("x" * 81) == "x" * 80 + "… (81 characters)"


ADDRESSES = [
    "https://user:SECRETPW@127.0.0.1:1/x",
    "https://SECRETUSER@127.0.0.1:1/x",
    "s3://SECRETKEY:SECRETPW@bucket",
    "https://127.0.0.1:1/x?token=SECRETPW",
    "https://127.0.0.1:1/x?SECRETPW",
    "https://127.0.0.1:1/x?a=1&sig=SECRET%2FPW#SECRETPART",
    "ftp://u:SECRET@PW@host/x",
    "https://u:SECRET PW@host/x",
    "https://u:SECRETPW@[bad/x",
    "HTTPS://u:SECRET%40PW@host:port/x",
]
# How libraries write an address, or parts of one, into their errors.
SAYINGS = [
    "{}",
    "cannot open {}: no such host",
    "HTTPSConnectionPool(host='h', port=1): Max retries exceeded with url: {path}",
    "InvalidURL('{}')",
    'Invalid bucket name "{rest}": Bucket name must match',
    "<Error url={}/mnist/train.gz>",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("saying", SAYINGS)
def test_nothing_of_a_credential_is_left_in_an_error_about_an_address(address, saying):
    rest = address.split("://")[1]
    text = saying.format(address, rest=rest, path="/" + rest.partition("/")[2])
    assert "SECRET" not in without_secrets_of(address, text)


@pytest.mark.parametrize("address", [a for a in ADDRESSES if " " not in a and "#" not in a])
def test_nothing_of_a_credential_is_left_in_an_address(address):
    shown = without_credentials(f"from {address}, verified")
    assert "SECRET" not in shown and shown.endswith("verified") and "://" in shown


@pytest.mark.parametrize("text", ["https://host:1/a@b", "a@b.org", "tcp://[::1]:8786", "a?b=c"])
def test_an_address_without_secrets_stays_as_it_is(text):
    assert without_credentials(text) == text


NAMES = [
    "=1+1",
    "@sum",
    "+x",
    "-x",
    "-1",
    "+1e5",
    "-.5",
    "'=1",
    "a\x1bb",
    'x"y,z',
    "",
    "'",
    "=",
    "-",
]


def test_a_table_holds_no_formula_and_reads_back_as_it_was(tmp_path):
    path = tmp_path / "table.csv"
    write_csv(path, ["name", "count"], [[name, -2] for name in NAMES])
    lines = path.read_text().splitlines()
    assert lines[1:8] == ["'=1+1,-2", "'@sum,-2", "'+x,-2", "'-x,-2", "-1,-2", "+1e5,-2", "-.5,-2"]
    back = [row["name"] for row in read_csv(path)]
    assert back == [visible(name) for name in NAMES]
