"""The stage runner: `python -m pipeline.stages STAGE [ITEM]`, as dvc.yaml calls it.

It runs the stage in this process, or lets the warm process of this run of DVC do it. Stages import
this file nowhere: an edit here reruns none.
"""

import os
import sys

from pipeline.running import terminal, tie, warm


def main(*arguments: str) -> None:
    """Run a stage.

    Args:
        arguments: Name of a module in this folder; then the architecture or model, for the stages
            that dvc.yaml makes a matrix of.
    """
    starter = tie.starter() if "DVC_STAGE" in os.environ else None
    if starter:
        warm.prepare(starter, arguments[0])
        code = warm.delegated(starter, arguments)
        if code is not None:
            warm.end_as(code)
    from pipeline.running import stage  # only here: it takes as long to import as all above

    stage.main(arguments, starter)


if __name__ == "__main__":
    terminal.run(lambda: main(*sys.argv[1:]))
