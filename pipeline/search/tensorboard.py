"""Trials for TensorBoard: learning curves and, with its HParams plugin, tables of the search.

Written under `.state/`, once a trial, from what is known when it has ended: nothing that decides
anything reads them. `tensorboard --logdir .state/tensorboard` shows them.
"""

import shutil
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2, summary_v2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from pipeline.search.records import Record

SCALARS = ("loss", "accuracy", "val_loss", "val_accuracy")


class TensorBoard:
    """One folder a search, begun afresh each time it is run."""

    def __init__(self, folder: Path):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)

    def add(self, record: Record) -> None:
        """Write one trial."""
        result = record.result
        writer = EventFileWriter(str(self.folder / f"trial-{record.number:04d}"))
        values = {name: _plain(value) for name, value in record.spec.values.items()}
        # The plugin takes the mean over all that have one id, also from another search's folder.
        trial = f"{record.spec.architecture}-{record.number}"
        start = summary_v2.hparams_pb(values, trial_id=trial)
        status = api_pb2.STATUS_FAILURE if result.status == "failed" else api_pb2.STATUS_SUCCESS
        for content in (start, _end(status)):
            writer.add_event(Event(step=0, summary=content))
        for epoch, row in enumerate(result.curve, start=1):
            scalars = [
                Summary.Value(tag=tag, simple_value=value)
                for tag, value in zip(SCALARS, row, strict=True)
            ]
            writer.add_event(Event(step=epoch, summary=Summary(value=scalars)))
        writer.close()


def _end(status: int) -> Summary:
    """Write for the HParams plugin how a trial ended."""
    end = plugin_data_pb2.SessionEndInfo(status=status)
    data = plugin_data_pb2.HParamsPluginData(session_end_info=end)
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])


def _plain(value: object) -> bool | float | str:
    return value if isinstance(value, (bool, float, str)) else float(str(value))
