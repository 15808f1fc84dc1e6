"""Texts from a repository in a Markdown comment: shown as they are, not obeyed.

Whoever opens a pull request chooses its class names, keys and values. Backslashes keep them from
being markup, but not from being links: GitHub and GitLab look for those in the text that comes out.
"""

import html
import re
from typing import Any

# Invisible, without width, no part of a name or an address, and no place to break a line.
JOINER = "\u2060"
# Places inside what would become a link, a mention or a picture. (GitLab's !1, ~label, %milestone,
# $snippet and &epic are among them.)
_LINKING = re.compile(
    r"""
      (?<=[@#!~%$&])(?=\S)  # @name  #12  a/b#3  me@e.org
    | (?<=:)(?=//)          # https://e.org
    | (?<=www)(?=\.)        # www.e.org
    | (?<=gh-)(?=[0-9])     # GH-12
    | (?<=:)(?=[\w+-]+:)    # :octocat:
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Seven digits may name a commit; those behind a decimal point are left alone.
_COMMIT = re.compile(r"(?<!\w)(?<![0-9]\.)[0-9a-f]{7,40}(?!\w)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*\[\]|!~]|(?<!\w)_|_(?!\w))")


def markdown(text: Any) -> str:
    """Write a text so that it makes no markup, link, mention, picture or table cell."""
    line = " ".join(str(text).split())
    cut = _COMMIT.sub(lambda digits: JOINER.join(re.findall(".{1,6}", digits[0])), line)
    broken = _LINKING.sub(JOINER, cut)
    return _MARKUP.sub(r"\\\1", html.escape(broken, quote=False))
