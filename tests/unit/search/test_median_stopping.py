from pipeline.config.conditions import PLAIN
from pipeline.search.median_stopping import median_rule
from pipeline.search.records import Record, TrialSpec
from pipeline.training.work import EpochRow, Finished, Result


def record(number, scores, status="completed"):
    curve = tuple(EpochRow(1.0, s, 1.0, s) for s in scores)
    result = Result(status, scores[-1], 1.0, 10, curve=curve)
    return Record(number, TrialSpec("mlp", {}, 4, 1, PLAIN), Finished(result, False, 1.0))


def test_the_bar_is_the_median_of_running_means_after_a_free_quarter():
    records = [record(n, [s, s, s + 0.1, s + 0.1]) for n, s in enumerate([0.1, 0.2, 0.3, 0.4, 0.5])]
    bar = median_rule(records, 4)
    assert bar[0] == 0.0
    assert [round(b, 6) for b in bar[1:]] == [0.3, round(0.3 + 0.1 / 3, 6), 0.35]


def test_four_trials_or_those_stopped_or_failed_set_no_bar():
    four = [record(n, [0.5] * 4) for n in range(4)]
    assert median_rule(four, 4) == ()
    assert median_rule([*four, record(5, [0.1, 0.1], "stopped")], 4) == ()
    failed = Record(6, four[0].spec, Finished(Result("failed"), False, 1.0))
    assert median_rule([*four, failed], 4) == ()
