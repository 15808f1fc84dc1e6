"""What TensorBoard reads of a search."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from pipeline.config.conditions import PLAIN
from pipeline.search.records import Record, TrialSpec
from pipeline.search.tensorboard import TensorBoard
from pipeline.training.work import Finished, Result

CURVE = ((1.0, 0.5, 1.1, 0.4), (0.5, 0.8, 0.9, 0.6))


def written(folder, architecture):
    """Write one trial of an architecture; give what TensorBoard has read of it."""
    result = Result("completed", 0.6, 0.9, 10, curve=CURVE)
    spec = TrialSpec(architecture, {"units": 8, "bias": True, "optimizer": "adam"}, 2, 1, PLAIN)
    TensorBoard(folder / architecture).add(Record(1, spec, Finished(result, False, 1.0)))
    return EventAccumulator(str(folder / architecture / "trial-0001")).Reload()


def start_of(events):
    content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    return metadata.parse_session_start_info_plugin_data(content)


def test_a_trial_has_its_curves_and_its_values(tmp_path):
    events = written(tmp_path, "mlp")
    curve = [round(event.value, 5) for event in events.Scalars("val_accuracy")]
    assert curve == [0.4, 0.6]
    values = start_of(events).hparams
    assert values["units"].number_value == 8
    assert values["bias"].bool_value is True
    assert values["optimizer"].string_value == "adam"


def test_trials_of_two_searches_with_one_number_are_kept_apart(tmp_path):
    groups = {start_of(written(tmp_path, name)).group_name for name in ("mlp", "lenet5")}
    assert groups == {"mlp-1", "lenet5-1"}
