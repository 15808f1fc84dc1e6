"""A real browser without a network, for the pages that the project writes."""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not here")
PHONE, DESK = 390, 1440
# What a keyboard has to reach.
CONTROLS = "a[href], button, select, summary, [tabindex='0']"
# What Vega draws: a group of marks with at least one in it.
MARKS = ".role-mark > path[d], .role-mark > line, .role-mark > text, .role-mark .mark-line path[d]"


@dataclass
class Opened:
    """A page in the browser, and what went wrong in it.

    Attributes:
        page: Playwright's page.
        errors: What the console and the page complained of.
        requests: The addresses that it asked for, besides its own file.
    """

    page: object
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def count(self, selector):
        return self.page.locator(selector).count()

    def charts(self):
        """Return the number of charts to be seen, and of those without any mark."""
        return self.page.evaluate(
            """(marks) => {
              const seen = [...document.querySelectorAll('.chart')].filter(c => c.offsetWidth);
              return [seen.length, seen.filter(c => !c.querySelector(marks)).length];
            }""",
            MARKS,
        )

    def wider_than_the_window(self):
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def serious_faults(self):
        """Return what axe-core finds that keeps people with disabilities out."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response
        assert any(rule["id"] == "color-contrast" for rule in found["passes"])
        return [
            f"{fault['id']}: {node['html'][:200]}: {node['failureSummary']}"
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]

    def not_reached_by_tab(self):
        """Press Tab through the whole page; return the controls that never had the focus."""
        visible = f'[...document.querySelectorAll("{CONTROLS}")].filter(e => e.checkVisibility())'
        total = self.page.evaluate(
            f"{visible}.map((e, i) => e.dataset.number = i).length && {visible}.length"
        )
        self.page.evaluate("document.activeElement.blur()")
        seen = set()
        for _ in range(total + 5):
            self.page.keyboard.press("Tab")
            seen.add(self.page.evaluate("document.activeElement.dataset.number"))
        return self.page.evaluate(
            f"(seen) => {visible}.filter(e => !seen.includes(e.dataset.number))"
            ".map(e => e.outerHTML.slice(0, 120))",
            list(seen),
        )


@contextmanager
def browser():
    """Start Chromium; every page that it opens is without a network."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@contextmanager
def opened(chromium, path: Path, width=DESK, scheme="light"):
    """Open a file in a window of this width, light or dark, and wait until it is drawn."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    found = Opened(context.new_page())
    page = found.page
    page.on("console", lambda said: said.type == "error" and found.errors.append(said.text))
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.on("dialog", lambda dialog: found.errors.append(f"dialog: {dialog.message}"))
    page.on(
        "request",
        lambda asked: asked.url.startswith(("file:", "data:")) or found.requests.append(asked.url),
    )
    page.goto(path.resolve().as_uri())
    page.wait_for_load_state("load")
    # Vega draws in promises, which are settled when a later frame comes.
    page.wait_for_function(
        "[...document.querySelectorAll('.chart')]"
        ".every(c => !c.offsetWidth || c.querySelector('svg'))"
    )
    yield found
    context.close()
