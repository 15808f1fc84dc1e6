"""The page that `dvc plots show` and `dvc plots diff` fill, with the scripts that draw inside it.

DVC's own page loads them from the network; here they come from an installed package
(`pipeline/page/vega.py`). DVC's charts are Vega-Lite 5.
"""

from pathlib import Path

from pipeline.base.errors import ConvoyError
from pipeline.base.files import replacing
from pipeline.commands import call
from pipeline.page import vega
from pipeline.running.terminal import say

# Untracked, and named in .dvc/config.local.
WRITTEN = Path(".dvc/plots.html")

# DVC fills in {plot_divs}; it would put the scripts' network addresses into {scripts}. A chart
# without data, such as the importances of a search of two trials, is an empty specification.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Convoy: charts</title>
{refresh_tag}
<style>
body { font-family: sans-serif; margin: 1rem; display: flex; flex-wrap: wrap; gap: 1rem;
  align-items: flex-start; }
body > div { max-width: 100%; overflow-x: auto; }
img { max-width: min(100%, 60rem); height: auto; }
</style>
<script>SCRIPT_TEXT</script>
<script>
const embed = vegaEmbed;
const options = {renderer: "svg", actions: {source: false, compiled: false, editor: false}};
vegaEmbed = (chart, specification) => Object.keys(specification).length
  ? embed(chart, specification, options)
  : document.querySelector(chart).remove();
</script>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def write() -> None:
    """Write the page beside DVC's configuration, and name it in that of this clone alone.

    Raises:
        ConvoyError: the package with the scripts is not installed, or DVC fails.
    """
    text = PAGE.replace("SCRIPT_TEXT", vega.script())
    with replacing(WRITTEN) as scratch:
        scratch.write_text(text, encoding="utf-8")
    # Not in .dvc/config: with a page that is not there, DVC draws nothing at all.
    name = WRITTEN.name
    done = call.dvc("config", "--local", "plots.html_template", name, quiet=True)
    if done.returncode:
        raise ConvoyError(f"`dvc config` ended with status {done.returncode}: {done.stderr}")
    say(f"{WRITTEN}: `dvc plots show` and `dvc plots diff` need no network")
