"""Stage `summary`: print what came out, once all of it is there.

Its output is not kept in git: a fresh clone, whose results came from git, prints it as well.
"""

from pipeline.base import paths
from pipeline.base.files import replacing
from pipeline.config.params import Params
from pipeline.evaluation import summary


def main(settings: Params) -> None:
    """Print the summary, and write it down as plain text."""
    summary.show()
    with replacing(paths.SUMMARY) as scratch:
        scratch.write_text(summary.text(), encoding="utf-8")
