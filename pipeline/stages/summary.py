"""Stage `summary`: print what came out, once all of it is there.

Its output is not kept in git, so that a fresh clone prints it as well, though its results came from
there.
"""

from pipeline.base import paths
from pipeline.base.files import replacing
from pipeline.config.params import Params
from pipeline.evaluation import summary


def main(settings: Params) -> None:
    """Print the summary."""
    summary.show()
    with replacing(paths.SUMMARISED) as scratch:
        scratch.write_text("the summary has been printed\n", encoding="utf-8")
