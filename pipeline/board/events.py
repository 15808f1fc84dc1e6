"""The files that TensorBoard reads, written with its own formats and without TensorFlow."""

import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.histogram import metadata as histogram
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2, summary_v2
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

from pipeline.board.graph import graph

# As in the tables in results/: the order of an epoch's row.
SCALARS = ("loss", "accuracy", "val_loss", "val_accuracy")


# How values are spread: the lowest, the highest, and counts in bins of equal width between them.
Spread = tuple[float, float, Sequence[int]]


class EventFile:
    """One run of TensorBoard. What was added is on the disk at once, for a reader beside it."""

    def __init__(self, folder: Path):
        """Begin a file in a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard takes the files that have "tfevents" in their names.
        name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}"
        self._file = RecordWriter((folder / name).open("wb"))
        self._add(Event(file_version="brain.Event:2"))

    def epoch(self, epoch: int, row: Sequence[float], weights: Mapping[str, Spread]) -> None:
        """Add the scalars of one epoch, in the order of `SCALARS`, and how weights are spread."""
        self.scalars(epoch, dict(zip(SCALARS, row, strict=True)))
        if weights:
            values = [_histogram(name, spread) for name, spread in weights.items()]
            self._add(Event(step=epoch, summary=Summary(value=values)))

    def scalars(self, epoch: int, values: Mapping[str, float]) -> None:
        """Add scalars."""
        found = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        self._add(Event(step=epoch, summary=Summary(value=found)))

    def begin(self, trial: str, values: Mapping[str, Any]) -> None:
        """Add a trial's hyperparameters.

        Args:
            trial: Names it; the HParams page takes the mean over all that have one name.
            values: Its hyperparameters.
        """
        plain = {name: _plain(value) for name, value in values.items()}
        self._add(Event(step=0, summary=summary_v2.hparams_pb(plain, trial_id=trial)))

    def end(self, failed: bool) -> None:
        """Add that the trial has ended, for the HParams page."""
        status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
        end = plugin_data_pb2.SessionEndInfo(status=status)
        data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
        value = Summary.Value(
            tag=metadata.SESSION_END_INFO_TAG,
            metadata=metadata.create_summary_metadata(data),
            tensor=metadata.NULL_TENSOR,
        )
        self._add(Event(step=0, summary=Summary(value=[value])))

    def graph(self, model: Mapping[str, Any]) -> None:
        """Add a model's graph, from what Keras' `to_json` gives."""
        self._add(Event(graph_def=graph(model).SerializeToString()))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _add(self, event: Event) -> None:
        event.wall_time = time.time()
        self._file.write(event.SerializeToString())
        self._file.flush()


def _histogram(name: str, spread: Spread) -> Summary.Value:
    """Write a histogram as rows of left edge, right edge and count, as its plugin wants it."""
    low, high, counts = spread
    edges = np.linspace(low, high, len(counts) + 1)
    rows = np.column_stack([edges[:-1], edges[1:], counts])
    return Summary.Value(
        tag=name,
        metadata=histogram.create_summary_metadata(display_name=None, description=None),
        tensor=tensor_util.make_tensor_proto(rows, dtype=np.float64),
    )


def _plain(value: object) -> bool | float | str:
    return value if isinstance(value, (bool, float, str)) else float(str(value))
