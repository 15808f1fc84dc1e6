"""The escaping of texts from a repository, which a Markdown comment must show literally.

The author of a pull request chooses its class names, keys and values. Backslashes stop them from
being markup, but not from being links, because GitHub and GitLab look for links in the rendered
text.
"""

import html
import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.base.text import visible

# An invisible character without width. It breaks names and addresses, but not the line.
JOINER = "\u2060"
# Places inside texts that would become a link, a mention or a picture, including GitLab's !1,
# ~label, %milestone, $snippet and &epic.
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
# Seven hexadecimal digits may become a link to a commit; digits after a decimal point do not.
_COMMIT = re.compile(r"(?<!\w)(?<![0-9]\.)[0-9a-f]{7,40}(?!\w)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*\[\]|!~]|(?<!\w)_|_(?!\w))")


def markdown(text: Any) -> str:
    """Escape a text so it forms no markup, link, mention, picture or table cell."""
    line = " ".join(visible(str(text), keep="\n\r\t").split())
    cut = _COMMIT.sub(lambda digits: JOINER.join(re.findall(".{1,6}", digits[0])), line)
    broken = _LINKING.sub(JOINER, cut)
    return _MARKUP.sub(r"\\\1", html.escape(broken, quote=False))


def html_environment(package: str) -> Environment:
    """Return what fills the HTML templates of a package, where every value is text."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        finalize=html_value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html_value(content: Any) -> Any:
    """Show every character of a value in HTML; a template's `finalize`, before its own escaping.

    What a template has made itself or calls safe (`Markup`) is no plain text and stays as it is.
    """
    return visible(content) if type(content) is str else content
