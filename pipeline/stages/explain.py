"""Stage `explain`: pictures of each search, and which of its hyperparameters mattered."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple

from pipeline.base import paths
from pipeline.base.files import write_csv
from pipeline.config.params import Params
from pipeline.figures import search
from pipeline.search import importance
from pipeline.search.columns import TRIAL_COLUMNS, read_trials


def main(settings: Params) -> None:
    """Explain the search of every architecture.

    One stage for all: most of its time is importing what draws, which each process pays anew.
    """
    for architecture in settings.architectures:
        if rows := read_trials(paths.TRIALS / f"{architecture}.csv"):
            explain(architecture, rows)


def explain(architecture: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Write a picture of one trial table, and the importances of its hyperparameters."""
    names = [name for name in rows[0] if name not in TRIAL_COLUMNS]
    # A trial that was stopped early says what it could not reach, which is worth knowing here.
    scored = [row for row in rows if row["val_accuracy"]]
    scores = [float(row["val_accuracy"]) for row in scored]
    ranked = importance.importance(scored, names, scores)
    title = f"{architecture}: {len(rows)} trials"
    search.draw(rows, names, ranked, title, paths.SEARCH / f"{architecture}.png")
    if ranked:
        columns = list(importance.COLUMNS)
        write_csv(paths.SEARCH / f"{architecture}.csv", columns, map(astuple, ranked))
