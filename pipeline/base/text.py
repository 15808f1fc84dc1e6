"""Texts that others have chosen (names, values, addresses, errors), made fit to be shown.

Each medium has one function that escapes its own markup: `running.terminal.plain` for the terminal
and logs, `report.escaping.markdown` for Markdown, `report.escaping.html_value` with Jinja's own
escaping for HTML, `figures.canvas.literal` for pictures, `base.files.write_csv` for tables. All of
them begin with `visible`.
"""

import math
import re
import unicodedata
from itertools import islice
from typing import Any
from urllib.parse import unquote

MOST_LETTERS = 80
# Entries of a list that fit into so many letters, and bits of a number that does.
MOST_ENTRIES, MOST_BITS = 27, 256
HIDDEN = "***"
# Joiners of letters, which Persian, Indian languages and emoji need. They reorder nothing.
JOINERS = "\u200c\u200d"
# Control and format characters (of direction, without width), surrogates, separators of lines.
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# A user with a password before a host, and a query, which may hold a key.
_USER = re.compile(r"(?<=://)[^/\s?#'\"]*@")
_QUERY = re.compile(r"([a-z][a-z0-9+.-]*://[^\s?'\"]*)\?[^\s'\")\]]*", re.IGNORECASE)


def visible(text: str, keep: str = "") -> str:
    r"""Write every character that cannot be seen as its escape, such as \x1b, \n or \u202e.

    Among them are those that steer a terminal, end a line or reverse the direction of writing.

    Args:
        text: Any text, also a file name with bytes that are not UTF-8.
        keep: Characters to leave as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(letter)
        if unicodedata.category(letter) in UNSEEN and letter not in JOINERS + keep
        else letter
        for letter in text
    )


def _escaped(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # Python's stand-in for a byte that is not UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()


def brief(text: str, most: int = MOST_LETTERS) -> str:
    """Shorten a long text to `most` letters, and write how long it is."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def shown(value: Any) -> str:
    """Write a value as it stands in a YAML file, on one line, shortened."""
    if isinstance(value, str) and len(value) > MOST_LETTERS:
        return f"'{visible(value[:MOST_LETTERS])[:MOST_LETTERS]}…' ({len(value):,} characters)"
    return brief(_written(value, levels=3))


def _written(value: Any, levels: int) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, str):
        return f"'{visible(value[: MOST_LETTERS + 1])}'"
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"a whole number of {int(value.bit_length() * math.log10(2)) + 1:,} digits"
    if isinstance(value, dict | list | tuple | set):
        left, right = "{}" if isinstance(value, dict) else "[]"
        if value and not levels:
            return f"{left}…{right}"
        entries = [
            f"{visible(str(key))}: {_written(value[key], levels - 1)}"
            if isinstance(value, dict)
            else _written(key, levels - 1)
            for key in islice(value, MOST_ENTRIES)
        ]
        return f"{left}{', '.join(entries)}{right}"
    return visible(str(value))


def without_credentials(text: str) -> str:
    """Hide user, password and query of every address in a text."""
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1?{HIDDEN}", _USER.sub(f"{HIDDEN}@", text))


def without_secrets_of(address: str, text: str) -> str:
    """Hide what is secret in an address wherever it stands in a text, such as an exception's.

    Libraries write parts of an address: a bucket with the key before it, a path with its query.
    """
    for secret in _secrets(address):
        text = text.replace(secret, HIDDEN)
    return without_credentials(text)


def _secrets(address: str) -> list[str]:
    """Return the user with the password, each alone, the query and its values, longest first."""
    # By hand: `urllib.parse` refuses some addresses that are to be complained of.
    rest = address.partition("://")[2] or address
    user = re.split("[/?#]", rest)[0].rpartition("@")[0]
    query, _, fragment = rest.partition("?")[2].partition("#")
    values = [pair.partition("=")[2] for pair in query.split("&")]
    found = [user, *user.split(":", 1), query, *values, fragment or rest.partition("#")[2]]
    # Single letters would be hidden in every word.
    found = [form for part in found for form in {part, unquote(part)} if len(form) > 2]
    return sorted(found, key=len, reverse=True)
