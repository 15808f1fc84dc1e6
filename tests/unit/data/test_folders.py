"""Folders of pictures as users have them: each oddity has a defined outcome."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.config.params import Dataset
from pipeline.data import gathering
from pipeline.data.source import DataError
from pipeline.datasets import folder


def settings(path: Path, *, skip: bool = False, channels: int = 3) -> Dataset:
    return Dataset(
        name="folder",
        labels="fine",
        path=path,
        image_size=8,
        channels=channels,
        skip_unreadable=skip,
    )


def picture(path: Path, shade: int = 0, mode: str = "RGB") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(shade).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(path)


def pets(root: Path, *parts: str) -> Path:
    for number, part in enumerate(parts or ("",)):
        for shade in range(6):
            name = ("cat", "dog")[shade % 2]
            picture(root / part / name / f"{shade}.png", 10 * number + shade)
    return root


def gather(root: Path, **options) -> tuple[gathering.Gathered, list[str]]:
    chosen = settings(root, **options)
    source = folder.read(Path("unused"), chosen)
    gathered = gathering.gather(source, root.parent / "scratch", skip=chosen.skip_unreadable)
    return gathered, source.skipped


def test_classes_in_the_folder_itself(tmp_path):
    source = folder.read(Path("unused"), settings(pets(tmp_path / "in")))
    assert source.classes == ("cat", "dog")
    assert (source.test, source.validation, source.grows) == (None, None, True)
    gathered, skipped = gather(tmp_path / "in")
    assert gathered.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert gathered.shape == (8, 8, 3)
    first = np.asarray(Image.open(tmp_path / "in/cat/0.png"))
    assert (gathered.images(np.array([0]))[0] == first).all()
    assert skipped == []


def test_official_parts(tmp_path):
    root = pets(tmp_path / "in", "train", "validation", "test")
    source = folder.read(Path("unused"), settings(root))
    assert not source.grows
    gathered, _ = gather(root)
    assert gathered.official.tolist() == [0] * 6 + [1] * 6 + [2] * 6


def test_train_without_test_is_cut(tmp_path):
    source = folder.read(Path("unused"), settings(pets(tmp_path / "in", "train")))
    assert (source.test, source.grows) == (None, True)


def test_a_class_may_be_called_train(tmp_path):
    root = pets(tmp_path / "in")
    for shade in range(3):
        picture(root / "train" / f"{shade}.png", shade)
    assert folder.read(Path("unused"), settings(root)).classes == ("cat", "dog", "train")


def test_all_formats_and_modes_mixed(tmp_path):
    root = pets(tmp_path / "in")
    for mode, suffix in [
        ("L", "jpg"),
        ("P", "gif"),
        ("RGBA", "png"),
        ("RGBA", "webp"),
        ("1", "bmp"),
    ]:
        picture(root / "cat" / f"{mode}.{suffix.upper()}", mode=mode)
    deep = np.full((9, 7), 40000, np.uint16)
    Image.fromarray(deep).save(root / "cat" / "deep.png")
    assert len(gather(root)[0]) == 12
    assert gather(root, channels=1)[0].shape == (8, 8, 1)


def test_names_with_spaces_and_letters_of_any_script(tmp_path):
    root = pets(tmp_path / "in")
    for name in ("Bär und Mäuse", "猫"):
        for shade in range(2):
            picture(root / name / f"Bild № {shade}.png", shade)
    assert folder.read(Path("unused"), settings(root)).classes == (
        "Bär und Mäuse", "cat", "dog", "猫",
    )  # fmt: skip
    assert len(gather(root)[0]) == 10


def broken(root: Path) -> None:
    whole = (root / "cat" / "0.png").read_bytes()
    (root / "cat" / "broken.png").write_bytes(whole[: len(whole) // 2])


def empty_file(root: Path) -> None:
    (root / "cat" / "empty.jpg").touch()


def dead_link(root: Path) -> None:
    (root / "cat" / "gone.png").symlink_to("nowhere.png")


def link_to_itself(root: Path) -> None:
    (root / "cat" / "loop.png").symlink_to("loop.png")


def loop(root: Path) -> None:
    (root / "loop").symlink_to(root)


def loop_in_class(root: Path) -> None:
    (root / "cat" / "up").symlink_to(root)


def stray(root: Path) -> None:
    (root / "notes.txt").touch()


def stray_in_class(root: Path) -> None:
    (root / "cat" / "notes.txt").touch()


def picture_beside_classes(root: Path) -> None:
    picture(root / "lost.png")


def empty_class(root: Path) -> None:
    (root / "emu").mkdir()


def one_picture(root: Path) -> None:
    picture(root / "emu" / "a.png")


def deeper(root: Path) -> None:
    picture(root / "cat" / "tabby" / "a.png")


def bytes_name(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/e\xffu")).mkdir()
    picture(root / "cat" / "x.png")
    for name in (b"a.png", b"b.png"):
        os.link(root / "cat" / "x.png", os.fsencode(root) + b"/e\xffu/" + name)
    (root / "cat" / "x.png").unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (broken, r"cat/broken\.png: cannot be read"),
        (empty_file, r"cat/empty\.jpg: not a JPEG"),
        (dead_link, r"cat/gone\.png: no such file"),
        (link_to_itself, r"cat/loop\.png: "),
        (loop, r"in/loop: a class without pictures"),
        (loop_in_class, r"cat/up: a folder within a class"),
        (stray, r"notes\.txt: a stray file; pictures belong in a class"),
        (stray_in_class, r"cat/notes\.txt: a stray file; allowed: \.jpg"),
        (picture_beside_classes, r"lost\.png: a stray file"),
        (empty_class, r"emu: a class without pictures"),
        (one_picture, r"emu/a\.png: the only picture of its class"),
        (deeper, r"cat/tabby: a folder within a class"),
        (bytes_name, r"e\?u: the name is not UTF-8"),
    ],
)
def test_what_cannot_be_used_is_an_error_or_left_out(tmp_path, spoil, said):
    root = pets(tmp_path / "in")
    spoil(root)
    with pytest.raises(DataError, match=said) as caught:
        gather(root)
    assert "skip_unreadable" in str(caught.value)
    gathered, skipped = gather(root, skip=True)
    assert gathered.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert skipped
    assert "\n".join(skipped).encode()


def test_a_class_in_test_that_train_lacks(tmp_path):
    root = pets(tmp_path / "in", "train", "test")
    picture(root / "test" / "emu" / "a.png")
    with pytest.raises(DataError, match="test/emu: a class that train does not have"):
        gather(root)
    assert len(gather(root, skip=True)[0]) == 12


def test_a_folder_beside_train_and_test(tmp_path):
    root = pets(tmp_path / "in", "train", "test", "val")
    with pytest.raises(DataError, match="in/val: neither train, validation nor test"):
        gather(root)


def test_an_empty_test_folder_is_said(tmp_path):
    root = pets(tmp_path / "in", "train")
    (root / "test").mkdir()
    with pytest.raises(DataError, match="in/test: no pictures in it"):
        gather(root)


def test_test_images_that_are_all_unreadable_are_not_replaced_by_others(tmp_path):
    root = pets(tmp_path / "in", "train", "test")
    for path in (root / "test").rglob("*.png"):
        path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="no usable images for test"):
        gather(root, skip=True)


def test_classes_that_differ_in_case_are_never_accepted(tmp_path):
    root = pets(tmp_path / "in")
    picture(root / "Cat" / "a.png")
    with pytest.raises(DataError, match=r"'Cat' and 'cat'.*Rename or merge"):
        gather(root, skip=True)


def test_all_offenders_are_counted_and_ten_are_listed(tmp_path):
    root = pets(tmp_path / "in")
    for number in range(25):
        (root / "dog" / f"bad{number:02}.png").touch()
    with pytest.raises(DataError) as caught:
        gather(root)
    lines = str(caught.value).splitlines()
    assert lines[0] == "25 entries of the data set cannot be used:"
    assert (len(lines), lines[11]) == (13, "  ... and 15 more")


def test_what_systems_leave_behind_is_passed_over(tmp_path):
    root = pets(tmp_path / "in")
    (root / "README.md").touch()
    (root / "cat" / "Thumbs.db").touch()
    (root / "cat" / ".DS_Store").touch()
    (root / ".ipynb_checkpoints").mkdir()
    assert gather(root)[1] == []


@pytest.mark.parametrize("classes", [[], ["cat"]])
def test_too_few_classes(tmp_path, classes):
    for name in classes:
        for shade in range(2):
            picture(tmp_path / name / f"{shade}.png", shade)
    with pytest.raises(DataError, match=f"{len(classes)} classes with pictures; two or more"):
        gather(tmp_path)


def test_a_missing_folder(tmp_path):
    with pytest.raises(DataError, match=r"dataset\.path = .*no such folder"):
        gather(tmp_path / "nothing")
