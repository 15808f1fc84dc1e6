"""The command line: python -m pipeline COMMAND."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline import summary as summary_table
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
def plan(
    set_param: Annotated[
        list[str] | None, typer.Option("-S", "--set-param", help="key=value, as in dvc exp run")
    ] = None,
) -> None:
    """Say which stages would run, and about how long they take here."""
    from pipeline.plan import show

    run(lambda: show(set_param or []))


@app.command()
def doctor() -> None:
    """Look for what can be wrong around a run, and say what to type."""
    from pipeline.doctor import examine

    run(examine)


@app.command()
def predict(
    images: Annotated[list[Path], typer.Argument(help="Picture files, or folders of them.")],
    model: Annotated[Literal["tuned", "baseline"], typer.Option(help="Which model.")] = "tuned",
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Classify pictures of your own. Exit status 1 if any of them cannot be read."""

    def show() -> None:
        from pipeline import predict as prediction  # here, because it takes TensorFlow seconds

        if not prediction.show(images, model, top, as_json=as_json):
            raise typer.Exit(1)

    run(show)


if __name__ == "__main__":
    app()
