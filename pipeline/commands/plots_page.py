"""The page that `dvc plots show` and `dvc plots diff` fill, with the scripts that draw inside it.

DVC's own page loads them from the network; here they come from an installed package
(`pipeline/page/vega.py`). DVC's charts are Vega-Lite 5.

DVC writes each chart as a script, with names of classes and of revisions in it as they are: a
revision whose table has a class called `</script><script>…` would run what follows. So the charts
stand in a template, which runs nothing, and the page's own script reads them as data. Its content
security policy allows the page's two scripts by their digests, and no address.
"""

from pathlib import Path

from pipeline.base.errors import ConvoyError
from pipeline.base.files import replacing
from pipeline.commands import call
from pipeline.page import vega
from pipeline.page.rendering import digest
from pipeline.running.terminal import say

# Untracked, and named in .dvc/config.local.
WRITTEN = Path(".dvc/plots.html")

# Reads what DVC wrote for each chart: an element with a script, which is a specification and a
# call.
# A chart without data, such as the importances of a search of two trials, is an empty one.
DRAW = r"""
"use strict";
const options = {
  renderer: "svg", ast: true, actions: {source: false, compiled: false, editor: false},
};
const written = /^\s*var spec = (.*);\s*vegaEmbed\('#[^']*', spec\);\s*$/s;
for (const place of [...document.getElementById("charts").content.children]) {
  const script = place.querySelector("script");
  place.querySelectorAll("script").forEach((found) => found.remove());
  document.body.append(place);
  if (!script) continue;
  const fail = (error) => {
    place.textContent = `The chart ${place.id} cannot be drawn: ${error.message}`;
  };
  try {
    const specification = JSON.parse(written.exec(script.textContent)[1]);
    if (Object.keys(specification).length) {
      vegaEmbed(place, specification, options).catch(fail);
    } else {
      place.remove();
    }
  } catch {
    fail(Error("what DVC wrote is no chart. Look for markup in the names of classes."));
  }
}
"""

# DVC fills in {plot_divs} and {refresh_tag}; it would put the scripts' network addresses into
# {scripts}.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file: data:;
  style-src 'unsafe-inline'; script-src DIGESTS; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Convoy: charts</title>
{refresh_tag}
<style>
body { font-family: sans-serif; margin: 1rem; display: flex; flex-wrap: wrap; gap: 1rem;
  align-items: flex-start; }
body > div { max-width: 100%; overflow-x: auto; }
img { max-width: min(100%, 60rem); height: auto; }
</style>
<script>VEGA</script>
</head>
<body>
<template id="charts">
{plot_divs}
</template>
<script>DRAW</script>
</body>
</html>
"""


def write() -> None:
    """Write the page beside DVC's configuration, and name it in that of this clone alone.

    Raises:
        ConvoyError: the package with the scripts is not installed, or DVC fails.
    """
    scripts = {"VEGA": vega.script(), "DRAW": DRAW}
    text = PAGE.replace("DIGESTS", " ".join(f"'sha256-{digest(s)}'" for s in scripts.values()))
    for place, script in scripts.items():
        text = text.replace(f"<script>{place}</script>", f"<script>{script}</script>")
    with replacing(WRITTEN) as scratch:
        scratch.write_text(text, encoding="utf-8")
    # Not in .dvc/config: with a page that is not there, DVC draws nothing at all.
    name = WRITTEN.name
    done = call.dvc("config", "--local", "plots.html_template", name, quiet=True)
    if done.returncode:
        raise ConvoyError(f"`dvc config` ended with status {done.returncode}: {done.stderr}")
    say(f"{WRITTEN}: `dvc plots show` and `dvc plots diff` need no network")
