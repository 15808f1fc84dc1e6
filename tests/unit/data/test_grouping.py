"""Groups of pictures: from their names or a table, and never on two sides of a cut."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.project import TINY, write_params

from pipeline.config import params
from pipeline.data import balancing, grouping
from pipeline.data.source import DataError
from pipeline.stages import check, split

PATIENTS = r"([^/_]+)_[^/]*$"


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """Make five pictures each of 24 patients, some of whom are in both classes."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for patient in range(24):
        for number in range(5):
            name = "ill" if patient % 3 == 0 or (patient % 3 == 1 and number < 2) else "well"
            path = Path("scans", name, f"p{patient:02}_{number}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            coarse = generator.integers(0, 256, (5, 5, 3), dtype=np.uint8)
            Image.fromarray(coarse).resize((24, 24)).save(path)
    return Path("scans")


def run(group_by, *stages, name="folder", **cuts):
    dataset = {"name": name, "path": "scans", "image_size": 16}
    write_params(Path(), TINY | {"dataset": dataset, "split": {"group_by": group_by, **cuts}})
    for stage in stages or (split,):
        stage.main(params.load())
    return json.loads(Path("results/data.json").read_text())


def groups():
    """Return the groups and the pictures of each part."""
    found = {}
    for part in ("train", "validation", "test"):
        with Path("data/split", part, "files.csv").open(newline="") as stream:
            found[part] = [(row["group"], row["file"]) for row in csv.DictReader(stream)]
    return found


@pytest.mark.parametrize("seed", range(3))
def test_no_group_is_on_two_sides_and_every_part_has_its_share(scans, seed, capsys):
    report = run(PATIENTS, random_state=seed)
    found = groups()
    names = [{group for group, _ in rows} for rows in found.values()]
    assert sum(map(len, names)) == len(set.union(*names)) == 24
    assert all(file.split("/")[1].startswith(group) for group, file in found["test"])
    # A fifth of 120, then a sixth of the rest: within the pictures of one patient.
    assert abs(report["test"]["images"] - 24) <= 5 and abs(report["validation"]["images"] - 16) <= 5
    for part in ("test", "validation"):
        shares = [
            count / total
            for (_, count), total in zip(report[part]["per_class"], (56, 64), strict=True)
        ]
        assert all(0.05 < share < 0.36 for share in shares)
    assert [report[part]["groups"] for part in found] == [len(each) for each in names]
    assert f"{report['test']['groups']} groups" in capsys.readouterr().out


def test_a_table_does_the_same_as_the_expression_and_pictures_added_to_a_group_join_it(scans):
    run(PATIENTS)
    before = groups()
    rows = [f"{file},{group}" for part in before.values() for group, file in part]
    (scans / "groups.csv").write_text("\n".join(["path,group", *rows]))
    run("groups.csv")
    assert groups() == before
    _, file = before["test"][0]
    (scans / file.replace(".png", "b.png")).write_bytes((scans / file).read_bytes())
    run(PATIENTS)
    assert {group for group, _ in groups()["test"]} == {group for group, _ in before["test"]}
    assert len(groups()["test"]) == len(before["test"]) + 1


def test_duplicates_join_groups(scans):
    picture = (scans / "ill/p00_0.png").read_bytes()
    for patient in range(3, 12, 3):
        (scans / f"ill/p{patient:02}_0.png").write_bytes(picture)
    run(PATIENTS, group_duplicates=True)
    joined = {"p00", "p03", "p06", "p09"}
    assert [len(joined & {group for group, _ in rows}) for rows in groups().values()].count(0) == 2
    one, other = np.array([0, 0, 1, 2, 3]), np.array([0, 1, 1, 2, 2])
    assert grouping.united(one, other).tolist() == [0, 0, 0, 1, 1]


def test_images_of_an_official_test_group_leave_training_and_that_is_said(scans, capsys):
    for part in ("train", "test"):
        for name in ("ill", "well"):
            (scans / part / name).mkdir(parents=True)
    for picture in [*scans.glob("ill/*.png"), *scans.glob("well/*.png")]:
        part = "test" if picture.name[:3] in ("p00", "p01", "p02") else "train"
        picture.rename(scans / part / picture.parent.name / picture.name)
    (scans / "ill").rmdir(), (scans / "well").rmdir()
    leak = scans / "test/ill/p01_0.png"
    leak.rename(scans / "train/ill/p01_0.png")
    report = run(PATIENTS)
    assert report["left_out"] == 1 and report["test"]["groups"] == 3
    assert "left out 1 training and validation images" in capsys.readouterr().out


def test_what_cannot_be_grouped_is_said_with_an_example(scans):
    with pytest.raises(DataError, match=r"120 of 120 pictures have no group: ill/p00_0\.png, "):
        run("(nowhere)")
    with pytest.raises(DataError, match=r"115 of 120 .* no group: ill/p00_0\.png.*Change the"):
        run("(p23)")
    with pytest.raises(DataError, match="all 120 pictures are in one group, 'p'"):
        run("(p)")
    with pytest.raises(DataError, match="2 groups to divide into 3 parts"):
        run("(ill|well)")
    with pytest.raises(DataError, match=r"all images of ill to divide are in one group; a class"):
        run(r"(ill|well/p\d)")
    with pytest.raises(DataError, match=r"scans/groups\.csv is no file\. Write a CSV table"):
        run("groups.csv", check)


def test_what_is_wrong_with_a_table_is_said(scans):
    table = scans / "groups.csv"
    table.write_text("path,group\nill/p00_0.png,a\n")
    with pytest.raises(DataError, match=r"119 of 120 .*: ill/p00_1\.png.* List each picture in"):
        run("groups.csv")
    table.write_text("path,group\nill/p00_0.png,a\nill/p00_0.png,b\n")
    with pytest.raises(DataError, match=r"ill/p00_0\.png is in two groups, 'a' and 'b'"):
        run("groups.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"file,group\nill/p00_0.png,a\n", "no column path"),
        (b"\xef\xbb\xbfpath;group\r\nill/p00_0.png;a\r\n", "no column path, group"),
        ("path,group\nill/p00_0.png,a\n".encode("utf-16"), "not UTF-8 text"),
        (b"", "empty, without a header"),
    ],
)
def test_a_table_of_another_form_says_how_to_save_it(scans, content, said):
    (scans / "groups.csv").write_bytes(content)
    with pytest.raises(DataError, match=rf"scans/groups\.csv: {said}\. Save it as UTF-8 with the"):
        run("groups.csv")


def test_a_table_that_excel_has_saved_with_commas_is_read(scans):
    rows = [f"{file.relative_to(scans)},{file.name[:3]}" for file in scans.glob("*/*.png")]
    text = "\r\n".join(["path,group", *rows, ""])
    (scans / "groups.csv").write_text(text, encoding="utf-8-sig", newline="")
    run("groups.csv")
    assert len({group for rows in groups().values() for group, _ in rows}) == 24


def test_images_without_file_names_are_refused_before_any_work(scans):
    with pytest.raises(DataError, match=r"split\.group_by = .*: the images of digits have no file"):
        run(PATIENTS, check, name="digits")


@pytest.mark.parametrize(
    ("value", "said"),
    [("(", "no regular expression"), ("p[0-9]+", "0 groups"), ("(a)(b)", "2 groups")],
)
def test_a_value_that_is_no_expression_with_one_group_is_refused(scans, value, said):
    with pytest.raises(params.ParamsError, match=said) as error:
        run(value, check)
    assert "such as '([^/_]+)_[^/]*$'" in str(error.value)


def test_large_groups_of_mixed_classes_are_shared_out():
    generator = np.random.default_rng(1)
    sizes = generator.integers(1, 60, 50)
    groups = np.repeat(np.arange(50), sizes)
    labels = (generator.random(len(groups)) < generator.beta(0.5, 0.5, 50)[groups]).astype(int)
    keys = generator.integers(0, 2**63, 50, dtype=np.uint64)[groups] * 2
    for chosen in (
        balancing.choose(groups, labels, 0.2, 0),
        balancing.choose_by_key(groups, labels, 0.2, keys, 0.1),
    ):
        counts = np.bincount(labels[np.isin(groups, chosen)], minlength=2) / np.bincount(labels)
        assert (abs(counts - 0.2) <= 0.03).all()


def test_a_single_large_group_leaves_no_part_empty():
    groups, labels = np.array([0] * 80 + [1] * 15 + [2] * 5), np.zeros(100, int)
    assert len(balancing.choose(groups, labels, 0.01, 0)) == 1
    keys = np.full(100, 2**63, np.uint64)
    assert balancing.choose_by_key(groups, labels, 0.01, keys, 0.1).tolist() == [2]
