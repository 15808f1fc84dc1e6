"""The command line: python -m pipeline COMMAND."""

from functools import partial
from typing import Annotated

import typer

from pipeline import summary as summary_table
from pipeline.search import pruning
from pipeline.search.pruning import Prune
from pipeline.terminal import run

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Convoy's commands.")


@app.callback()
def commands() -> None:
    """Look at the results of the pipeline. The pipeline itself is run with `dvc repro`."""


@app.command()
def summary() -> None:
    """Print what won, how good it is and where to look next."""
    run(summary_table.show)


@app.command()
def ledger(
    prune: Annotated[Prune | None, typer.Option(help="Which trials to drop.")] = None,
) -> None:
    """List the trials that searches have kept, with their size; or drop some."""
    run(pruning.show if prune is None else partial(pruning.prune, prune))


if __name__ == "__main__":
    app()
