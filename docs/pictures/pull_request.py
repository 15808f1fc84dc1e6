"""The comment under a pull request as a picture, in GitHub's look.

    python docs/pictures/pull_request.py

The text is what `python -m pipeline report` prints for two commits of this repository: the results
before `compact_cnn` was among the default architectures, and those after. The script needs a clone
with these commits, Chromium and an emoji font (Noto Color Emoji). `make` does not install the last
two, so `make docs` does not run it.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt
from PIL import Image, ImageChops

BASE, HEAD = "7d3afcc", "738eda0"
FOLDER = Path(__file__).parent
WIDTH = 800
# Pixels from the top: README.md shows the verdict and the numbers, docs/pull-requests.md all.
TOP, WHOLE = 590, 2600
FADE = 60
BACKGROUND = (246, 248, 250)

PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 12px; background: #f6f8fa; color: #1f2328;
       font: 14px/1.5 "Liberation Sans", Arial, "DejaVu Sans", "Noto Color Emoji",
       sans-serif }}
.comment {{ border: 1px solid #d1d9e0; border-radius: 6px; background: #fff }}
.head {{ padding: 8px 16px; background: #f6f8fa; color: #59636e;
         border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0 }}
.head b {{ color: #1f2328 }}
.head span {{ border: 1px solid #d1d9e0; border-radius: 1em; padding: 0 6px; font-size: 12px }}
.text {{ padding: 16px }}
h2 {{ margin: 0 0 16px; padding-bottom: 6px; border-bottom: 1px solid #d1d9e0; font-size: 21px;
      line-height: 1.3 }}
p, table, details {{ margin: 0 0 14px }}
table {{ border-collapse: collapse }}
th, td {{ border: 1px solid #d1d9e0; padding: 4px 13px }}
tr:nth-child(2n) td {{ background: #f6f8fa }}
code {{ background: #eff1f3; border-radius: 6px; padding: 2px 5px; font-size: 12px;
        font-family: "DejaVu Sans Mono", monospace }}
</style>
<div class="comment"><div class="head"><b>github-actions</b> <span>bot</span> commented</div>
<div class="text">{text}</div></div>
"""


def main() -> None:
    """Write pull_request.png, the top of the comment, and pull_request_whole.png."""
    command = [sys.executable, "-m", "pipeline", "report", "--base", BASE, "--head", HEAD]
    report = subprocess.run(
        command, cwd=FOLDER.parents[1], check=True, capture_output=True, text=True
    ).stdout
    # The browser would show the word joiners that keep GitHub from making links as boxes.
    html = MarkdownIt("commonmark").enable("table").render(report.replace("\u2060", ""))
    shot = screenshot(PAGE.format(text=html))
    save(faded(shot.crop((0, 0, WIDTH, TOP))), "pull_request.png")
    save(shot.crop((0, 0, WIDTH, bottom(shot))), "pull_request_whole.png")


def screenshot(page: str) -> Image.Image:
    """Show a page in Chromium, 800 pixels wide, and return the picture."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        raise SystemExit("Chromium is needed: install it, so that `chromium` is in PATH.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "page.html").write_text(page, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
        options += ["--no-first-run", "--disable-background-networking"]
        options += ["--disable-component-update", "--disable-sync", "--hide-scrollbars"]
        options += [f"--user-data-dir={folder / 'profile'}", f"--window-size={WIDTH},{WHOLE}"]
        options += [f"--screenshot={folder / 'page.png'}", (folder / "page.html").as_uri()]
        subprocess.run([browser, *options], check=True, capture_output=True)
        with Image.open(folder / "page.png") as picture:
            return picture.convert("RGB")


def bottom(picture: Image.Image) -> int:
    """Return the row below the comment: its last pixel of another colour, and a margin."""
    background = Image.new("RGB", picture.size, BACKGROUND)
    return ImageChops.difference(picture, background).getbbox()[3] + 12


def faded(picture: Image.Image) -> Image.Image:
    """Return the picture with its last rows fading to white: there is more below."""
    mask = Image.new("L", picture.size)
    mask.paste(Image.linear_gradient("L").resize((WIDTH, FADE)), (0, picture.height - FADE))
    return Image.composite(Image.new("RGB", picture.size, "white"), picture, mask)


def save(picture: Image.Image, name: str) -> None:
    """Write a PNG of at most 64 colours, which text needs no more of."""
    picture.quantize(64, dither=Image.Dither.NONE).save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main()
