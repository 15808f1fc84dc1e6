"""The command line: python -m pipeline COMMAND."""

# A command's own imports are inside it: the report must run where TensorFlow is not installed.
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.base import paths
from pipeline.running import imports
from pipeline.running.terminal import complain, run


class Alarm(StrEnum):
    """What a check of a report can fail on."""

    WORSE = "worse"
    MAYBE_WORSE = "maybe-worse"
    LEAK = "leak"
    NEAR_LEAK = "near-leak"


app = typer.Typer(no_args_is_help=True, add_completion=False, help="Convoy's commands.")


@app.callback()
def commands(context: typer.Context) -> None:
    """Look at the results of the pipeline. The pipeline itself is run with `dvc repro`."""
    try:
        folder = Path.cwd()
    except FileNotFoundError:
        complain("The folder that this runs in has been removed. Go to the repository root.")
        raise typer.Exit(1) from None
    here = paths.PARAMS.exists() or paths.PIPELINE.exists()
    if not here and context.invoked_subcommand != "report":  # which reads git alone
        complain(f"Run from the repository root: there is no {paths.PARAMS} in {folder}.")
        raise typer.Exit(1)


@app.command()
def summary() -> None:
    """Print what won, how good it is and where to look next."""
    from pipeline.evaluation import summary as table

    run(table.show)


@app.command()
def layers(
    name: Annotated[
        str, typer.Argument(help="tuned, baseline, or an architecture, at its published recipe.")
    ] = "tuned",
) -> None:
    """Print the layers of a network, their shapes and parameters: Keras' `model.summary()`."""

    def show() -> None:
        from pipeline.commands import ready

        ready.network(name)
        with imports.quiet():
            from pipeline.commands import layers  # takes TensorFlow's seconds

        layers.show(name)

    run(show)


@app.command()
def classes(
    model: Annotated[Literal["tuned", "baseline"], typer.Option(help="Which model.")] = "tuned",
) -> None:
    """Print precision, recall and F1 of each class: scikit-learn's classification report."""
    from pipeline.commands import classes

    run(lambda: classes.show(model))


@app.command()
def report(
    base: Annotated[str, typer.Option(help="The git revision to compare with.")],
    head: Annotated[
        str | None, typer.Option(help="The newer git revision; by default the workspace.")
    ] = None,
    form: Annotated[
        Literal["md", "html", "json"], typer.Option("--format", help="What to write.")
    ] = "md",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; by default the terminal.")
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(help="Judge against this revision, too; by default evaluate.reference."),
    ] = None,
    fail_on: Annotated[
        list[Alarm] | None,
        typer.Option(help="Exit with status 2 if this is so; may be given several times."),
    ] = None,
    base_url: Annotated[
        str, typer.Option(help="Where the base's files can be seen, with {path} in it.")
    ] = "",
    head_url: Annotated[str, typer.Option(help="The same for the newer revision.")] = "",
) -> None:
    """Compare two revisions from git alone, and say whether the newer one is better."""
    from pipeline.base.text import visible
    from pipeline.page import comparison
    from pipeline.report import alarms, command, rendering

    def compare() -> None:
        markdown = partial(rendering.as_markdown, old_url=base_url, new_url=head_url)
        formats: dict[str, command.Render] = {
            "md": markdown,
            "json": rendering.as_json,
            "html": comparison.as_html,
        }
        found = command.write(base, head, formats[form], out, reference)
        reasons = alarms.failures(found, fail_on or [])
        for reason in reasons:
            complain(visible(reason))
        if reasons:
            raise typer.Exit(2)

    run(compare)


@app.command()
def fresh(
    revision: Annotated[
        str | None, typer.Option(help="The git revision; by default the workspace.")
    ] = None,
) -> None:
    """Check from git alone whether the results belong to the code, data and parameters."""
    from pipeline.report import command

    run(lambda: command.check_freshness(revision))


@app.command()
def settle(
    base: Annotated[
        str | None,
        typer.Option(help="The revision to compare HEAD with; by default tuned with baseline."),
    ] = None,
) -> None:
    """Train further seeds until it is decided which side is better, or ten have not decided it."""
    from pipeline.commands import settle

    run(lambda: settle.settle(base))


@app.command()
def verify(
    revision: Annotated[
        str, typer.Option(help="The git revision whose predictions are checked.")
    ] = "HEAD",
) -> None:
    """Evaluate the models again and say whether the committed predictions are theirs."""
    from pipeline.report import snapshots

    def check() -> None:
        with imports.quiet():
            from pipeline.commands import verify  # takes TensorFlow's seconds

        committed = snapshots.revision(revision)
        verify.show(verify.verify(committed), committed)

    run(check)


@app.command()
def plan(
    set_param: Annotated[
        list[str] | None, typer.Option("-S", "--set-param", help="key=value, as in dvc exp run")
    ] = None,
) -> None:
    """Estimate which stages would run, and how much time, memory and disk they take here."""
    from pipeline.commands.plan import show

    run(lambda: show(set_param or []))


@app.command()
def throughput(
    architecture: Annotated[
        str | None, typer.Option(help="Which one; by default the baseline's.")
    ] = None,
) -> None:
    """Measure how fast this machine trains, batch size by batch size."""

    def measure() -> None:
        from pipeline.commands import ready

        name = ready.architecture(architecture)
        with imports.quiet():
            from pipeline.commands import throughput as speed  # takes TensorFlow's seconds

        speed.show(name)

    run(measure)


@app.command()
def experiment(
    name: Annotated[
        str | None, typer.Argument(help="Which one; without it they are listed.")
    ] = None,
    queue: Annotated[bool, typer.Option("--queue", help="Only put it into DVC's queue.")] = False,
    temp: Annotated[bool, typer.Option("--temp", help="Run in a copy of the workspace.")] = False,
) -> None:
    """Run one of the settings in experiments/ with `dvc exp run`."""
    from pipeline.commands import experiments

    options = ["--queue"] * queue + ["--temp"] * temp
    run(lambda: experiments.show() if name is None else experiments.start(name, options))


@app.command()
def page(
    revision: Annotated[
        str | None,
        typer.Option(help="A git revision, without models; by default the workspace."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; by default .state/page.html.")
    ] = None,
) -> None:
    """Write what came out as one HTML file that needs no network. `make run` calls it."""

    def write() -> None:
        from pipeline.page import command

        command.write(out, revision)

    run(write)


@app.command()
def plots_page() -> None:
    """Make the charts of `dvc plots` work without a network. `make setup` calls it."""
    from pipeline.commands import plots_page

    run(plots_page.write)


@app.command()
def dvc_setup() -> None:
    """Let `dvc` look at params.yaml before it runs a pipeline. `make setup` calls it."""
    from pipeline.commands import before_dvc

    run(before_dvc.set_up)


@app.command()
def merge_setup() -> None:
    """Let git merge dvc.lock and results/ in this clone. `make setup` calls it."""
    from pipeline.commands import merging

    run(merging.set_up)


@app.command(hidden=True)
def merge_lock(ancestor: Path, ours: Path, theirs: Path) -> None:
    """Merge two versions of dvc.lock, as git calls it, and write the result over ours."""
    from pipeline.commands import merging

    run(lambda: merging.merge_lock(ancestor, ours, theirs))


@app.command()
def doctor() -> None:
    """Look for what can be wrong around a run, and say what to type."""
    from pipeline.commands.doctor import examine

    run(examine)


@app.command()
def board(
    port: Annotated[
        int | None, typer.Option(help="By default the first free one from 6006 on.")
    ] = None,
    serve: Annotated[
        bool, typer.Option(help="Show it; else only write its files, in .state/tensorboard.")
    ] = True,
) -> None:
    """Show searches, trainings, models and test images in TensorBoard."""
    from pipeline.commands import board

    run(lambda: board.show(port) if serve else board.fill())


@app.command()
def predict(
    images: Annotated[list[Path], typer.Argument(help="Picture files, or folders of them.")],
    model: Annotated[Literal["tuned", "baseline"], typer.Option(help="Which model.")] = "tuned",
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    invert: Annotated[
        bool, typer.Option("--invert", help="Take negatives: dark on light becomes light on dark.")
    ] = False,
    precision: Annotated[
        float | None,
        typer.Option(
            help="Answer `unsure` where the model is not sure enough for this share of correct "
            "answers, such as 0.95; models.json lists the shares."
        ),
    ] = None,
    heat_map: Annotated[
        Path | None, typer.Option(help="The folder for pictures of what spoke for each answer.")
    ] = None,
) -> None:
    """Classify pictures of your own. Exit status 1 if any of them cannot be read.

    It warns of a picture that looks unlike those that the model was trained on.
    """

    def show() -> None:
        from pipeline.commands import ready

        ready.models(model)
        with imports.slim():
            from pipeline.commands import predict as prediction  # takes TensorFlow's seconds

        readable = prediction.show(
            images,
            model,
            top,
            as_json=as_json,
            invert=invert,
            precision=precision,
            heat_maps=heat_map,
        )
        if not readable:
            raise typer.Exit(1)

    run(show)


@app.command()
def export(
    form: Annotated[
        Literal["keras", "onnx", "saved_model", "litert", "web"],
        typer.Option("--format", help="What to write; web is a page to try the model."),
    ] = "keras",
    model: Annotated[Literal["tuned", "baseline"], typer.Option(help="Which model.")] = "tuned",
    out: Annotated[Path, typer.Option(help="The folder to write <model>/<format>/ into.")] = Path(
        "exported"
    ),
    licence: Annotated[
        str, typer.Option("--license", help="Of the model, for its card, such as apache-2.0.")
    ] = "unknown",
) -> None:
    """Write a model for use elsewhere, checked on the test images, with a model card."""

    def write() -> None:
        from pipeline.commands import ready

        ready.models(model)
        with imports.quiet():
            from pipeline.commands import export  # takes TensorFlow's seconds

        export.export(model, form, out, licence)

    run(write)


@app.command()
def store(
    prune: Annotated[
        Literal["old", "failed", "all"] | None, typer.Option(help="Which trainings to drop.")
    ] = None,
) -> None:
    """List the trials and final seeds that are kept, with their size; or drop some."""
    from pipeline.commands import store

    run(store.show if prune is None else lambda: store.prune(prune))


if __name__ == "__main__":
    app()
