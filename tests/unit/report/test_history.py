"""The history of results, read from real repositories."""

import pytest
from support.repositories import N, commit, git, new_repository, write_results, wrong_models

from pipeline.base.files import write_json
from pipeline.report import alarms, history, past, snapshots
from pipeline.report.results import Results


def models(wrong):
    return wrong_models(range(wrong), range(wrong))


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Make a history of three results, and one commit without any."""
    monkeypatch.chdir(new_repository(tmp_path))
    for number in (8, 6, 4):
        results(tmp_path, number)
    (tmp_path / "notes.md").write_text("words alone")
    commit(tmp_path, "words")
    return tmp_path


def results(folder, number, message="results", **options):
    write_results(folder, models(number), **options)
    return commit(folder, message)


def read(base="HEAD", head=None):
    new = snapshots.revision(head) if head else snapshots.workspace()
    return history.read(snapshots.revision(base), Results(new))


def accuracies(found):
    return [round(N - N * point.accuracy) for point in found.points]


def test_each_commit_that_changed_the_accuracy_is_a_point_and_the_head_the_last(repository):
    write_results(repository, models(2))
    found = read()
    assert accuracies(found) == [8, 6, 4, 2]
    assert [point.commit for point in found.points[:-1]] == [
        git(repository, "rev-parse", "--short=7", f"HEAD~{back}") for back in (3, 2, 1)
    ]
    assert found.points[-1].commit == "workspace"
    assert [point.here for point in found.points] == [False, False, False, True]
    for point in found.points:
        assert point.low < point.accuracy < point.high and point.same_images
    assert (found.judged, found.on_branch, found.again, found.gaps) == (4, 1, False, [])


def test_a_head_without_results_is_no_point(repository):
    git(repository, "rm", "-rq", "results")
    found = read()
    assert accuracies(found) == [8, 6, 4]
    assert not any(point.here for point in found.points)


def test_a_result_that_comes_again_counts_once(repository):
    results(repository, 6, "back again")
    found = read()
    assert (found.judged, found.again) == (3, True)
    assert alarms.looks(found, N).startswith("one of 3 results judged on these 400 test images")


def test_results_on_other_test_images_are_drawn_and_not_counted(repository):
    results(repository, 3, "other images", images="others")
    write_results(repository, models(2))
    found = read()
    assert [point.same_images for point in found.points] == [True, True, True, False, True]
    assert found.judged == 4


def test_the_tries_of_a_branch_count_though_only_its_last_is_merged(repository):
    git(repository, "checkout", "-qb", "tries")
    for number in (13, 12, 11, 1):
        results(repository, number)
    found = read("main", "tries")
    assert (found.judged, found.on_branch) == (7, 4)
    assert accuracies(found) == [8, 6, 4, 1]
    said = alarms.looks(found, N)
    assert said.startswith("the 7th result judged on these 400 test images (4 of them on this b")
    assert "images: of 5 models that are no better, one or more are called better in 3 %" in said


def test_the_history_of_main_goes_along_its_merges(repository):
    git(repository, "checkout", "-qb", "side")
    for number in (13, 3):
        results(repository, number)
    git(repository, "checkout", "-q", "main")
    git(repository, "merge", "-q", "--no-ff", "-m", "merge", "side")
    assert accuracies(read()) == [8, 6, 4, 3, 3]


def test_a_shallow_clone_says_what_it_may_lack(repository, tmp_path, monkeypatch):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{repository}", str(clone))
    monkeypatch.chdir(clone)
    found = read()
    assert accuracies(found) == [4, 4]
    assert "the clone is shallow and lacks earlier results" in found.gaps[0]
    assert alarms.looks(found, N).startswith("one of at least 1 results")
    git(clone, "fetch", "-q", "--unshallow")
    assert (accuracies(read()), read().gaps) == ([8, 6, 4, 4], [])


def test_a_project_in_a_folder_of_a_repository_has_its_own_history(tmp_path, monkeypatch):
    place = "the [first] project ü"
    folder = new_repository(tmp_path) / place
    for number in (8, 6):
        folder.mkdir(exist_ok=True)
        write_results(folder, models(number))
        (tmp_path / "results").mkdir(exist_ok=True)
        write_json(tmp_path / "results/metrics.json", {"another": number})
        commit(tmp_path, "results")
    monkeypatch.chdir(folder)
    assert accuracies(read()) == [8, 6, 6]


@pytest.mark.parametrize(
    ("content", "gap"),
    [
        ("[" * 100_000, "is damaged and was left out"),
        ('{"test_images": ', "is damaged and was left out"),
        ('{"a": "' + "x" * 3 * 2**20 + '"}', "has more than 2 MiB and was not read"),
        ('{"test_images": 400, "tuned": {"accuracy": "high"}}', None),
        ('{"test_images": -1, "tuned": {"accuracy": 0.9}}', None),
        ('{"test_images": 400, "tuned": {"accuracy": 7}}', None),
    ],
)
def test_what_is_damaged_in_the_history_is_left_out_and_named(repository, content, gap):
    (repository / "results/metrics.json").write_text(content)
    sha = commit(repository, "damaged")
    results(repository, 2)
    found = read()
    assert accuracies(found) == [8, 6, 4, 2, 2]
    assert found.gaps == ([f"results/metrics.json at {sha[:7]} {gap}"] if gap else [])


def test_dates_that_do_not_exist_do_no_harm(repository):
    results(repository, 1)
    made = git(repository, "cat-file", "commit", "HEAD").replace(" +0000", "0" * 9 + " +0000")
    (repository / "made").write_text(made + "\n")
    forged = git(repository, "hash-object", "-w", "-t", "commit", "--literally", "made")
    git(repository, "reset", "-q", "--hard", forged)
    assert read().points[-2].date == ""


@pytest.mark.parametrize(
    ("limit", "value", "gap"),
    [
        ("MOST_COMMITS", 2, "only the last 2 commits with results were read"),
        ("MOST_SECONDS", -1.0, "not all of the history was read: it took more than"),
    ],
)
def test_limits_are_said(repository, monkeypatch, limit, value, gap):
    monkeypatch.setattr(past, limit, value)
    found = read()
    assert any(line.startswith(gap) for line in found.gaps)
    assert accuracies(found)[-1] == 4


def test_only_the_last_thirty_are_drawn_and_all_are_counted(tmp_path, monkeypatch):
    monkeypatch.chdir(new_repository(tmp_path))
    for number in range(40, 6, -1):
        results(tmp_path, number)
    found = read()
    assert accuracies(found) == [*range(36, 6, -1), 7]
    assert found.judged == 34
    assert "the 34th" not in alarms.looks(found, N)  # it is the base's own


def test_a_bare_repository_is_read_from_its_root(repository, tmp_path, monkeypatch):
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    monkeypatch.chdir(bare)
    assert not (bare / "dvc.yaml").exists()
    assert accuracies(read("main", "main")) == [8, 6, 4, 4]
