from pipeline.figures import throughput


def test_the_median_stands_in_the_range_of_the_repetitions(figures, tmp_path):
    speeds = [(100, 90, 140), (200, 260, 220)]
    throughput.draw("lenet5", [32, 64], speeds, [500.0, 800.0], tmp_path / "speed.png")
    speed, memory = figures[0].axes
    assert [line.get_ydata().tolist() for line in speed.get_lines()] == [[100, 220]]
    ((low, high),) = [
        (box.get_extents().ymin, box.get_extents().ymax) for box in speed.collections[0].get_paths()
    ]
    assert (low, high) == (90, 260)
    assert list(memory.get_lines()[0].get_ydata()) == [500, 800]
    for axes in (speed, memory):
        assert [tick.get_text() for tick in axes.get_xticklabels()] == ["32", "64"]
        assert axes.get_ylim()[0] == 0  # else a tenth more looks like twice as fast
        assert axes.get_title().startswith("lenet5: ")
