"""The page as one HTML file: sections, styles and scripts inside it, and no way out of it."""

import base64
import hashlib
import re
from importlib import import_module, resources
from typing import Any

from markupsafe import Markup, escape

from pipeline.base.text import visible
from pipeline.page import vega, wording
from pipeline.page.run import Run
from pipeline.report.escaping import html_environment
from pipeline.report.wording import value
from pipeline.search.optimism import about

# Each has a file in sections/ and one in templates/.
SECTIONS = {
    "outcome": "What came out",
    "model": "The model",
    "curves": "Learning curves",
    "search": "The search",
    "confusion": "Confusions and classes",
    "mistakes": "Mistakes and doubtful labels",
    "calibration": "Calibration",
    "features": "Filters and feature maps",
    "heat_maps": "Heat maps",
    "data": "The data",
    "cost": "Cost",
    "reproduce": "How to reproduce it",
}
OWN_SCRIPTS = ("page.js", "parallel.js", "matrix.js")


def render(run: Run) -> str:
    """Return the page of one run.

    Raises:
        ConvoyError: the package with the charts' scripts is not installed, or a result cannot be
            read.
    """
    facts = {
        name: import_module(f"pipeline.page.sections.{name}").section(run) for name in SECTIONS
    }
    return fill("page.html.j2", run=run, sections=SECTIONS, facts=facts)


def marked(text: str) -> Markup:
    """Return a text as HTML, with what stands between backticks as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(visible(text)))))


def fill(template: str, **values: Any) -> str:
    """Fill a template whose page has styles and scripts inside it.

    The content security policy allows the scripts by their digests and no address at all, so that
    a name in the data can neither run nor load anything, whatever it is.

    Raises:
        ConvoyError: the package with the charts' scripts is not installed.
    """
    environment = html_environment("pipeline.page")
    environment.filters |= {
        "percent": wording.percent,
        "number": wording.number,
        "duration": wording.duration,
        "value": value,
        "about": about,
        "marked": marked,
    }
    scripts = [vega.script(), *(_text(name) for name in OWN_SCRIPTS)]
    return environment.get_template(template).render(
        **values,
        style=_text("page.css"),
        scripts=scripts,
        digests=[digest(script) for script in scripts],
    )


def _text(name: str) -> str:
    text = resources.files("pipeline.page").joinpath("templates", name).read_text(encoding="utf-8")
    assert not re.search("</(script|style)", text, re.IGNORECASE)
    return text


def digest(script: str) -> str:
    """Return a script's SHA-256 as a content security policy takes it, in base 64."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
