"""The top of the page of this workspace's run, as docs/page.md shows it.

    python docs/pictures/page.py

Needs a run (`make run`) and Chromium, which `make` does not install.
"""

import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PAGE = Path(".state/page.html")
PICTURE = Path(__file__).with_suffix(".png")
WINDOW = {"width": 1180, "height": 1660}
# A page of mostly text and lines needs no more; it makes the file a third as large.
COLOURS = 128


def main() -> None:
    """Write page.png beside this script."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=WINDOW)
        page.goto(PAGE.resolve().as_uri())
        page.wait_for_function(
            "[...document.querySelectorAll('.chart')].every(c => !c.offsetWidth || c.firstChild)"
        )
        page.screenshot(path=PICTURE)
        browser.close()
    with Image.open(PICTURE) as drawn:
        kept = drawn.convert("RGB")
    small = kept.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
