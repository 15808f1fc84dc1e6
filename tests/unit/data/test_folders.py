"""Folders of pictures as users have them: each oddity has a defined outcome."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.config.params import Dataset
from pipeline.data import gathering
from pipeline.data.source import DataError, Unusable
from pipeline.datasets import folder


def settings(path: Path, *, skip: bool = False, **changes) -> Dataset:
    values = {"image_size": 8, "fit": "squash", "channels": 3, **changes}
    return Dataset(name="folder", labels="fine", path=path, skip_unreadable=skip, **values)


def picture(path: Path, shade: int = 0, mode: str = "RGB", size: tuple[int, int] = (8, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(shade).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(path)


def pets(root: Path, *parts: str) -> Path:
    for number, part in enumerate(parts or ("",)):
        for shade in range(6):
            name = ("cat", "dog")[shade % 2]
            picture(root / part / name / f"{shade}.png", 10 * number + shade)
    return root


def gather(root: Path, **options) -> tuple[gathering.Gathered, list[Unusable]]:
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


@pytest.mark.parametrize("place", ["cat/phone.HEIC", "phone.avif", "cat/inner/phone.heic"])
def test_pictures_of_kinds_that_are_not_read_are_counted_as_pictures(tmp_path, place):
    root = pets(tmp_path / "in")
    (root / place).parent.mkdir(exist_ok=True)
    (root / place).write_bytes(b"\0\0\0\x18ftypheic")
    if "inner" in place:
        with pytest.raises(DataError, match="1 pictures lie deeper"):
            gather(root)
        return
    with pytest.raises(DataError, match=r"of a kind that is not read|belong in a class"):
        gather(root)
    _, skipped = gather(root, skip=True)
    assert [(Path(entry.where).suffix.lower(), entry.pictures) for entry in skipped] == [
        (Path(place).suffix.lower(), 1)
    ]


def test_where_no_picture_can_be_read_the_first_reason_is_said(tmp_path):
    for name in ("cat/0.png", "dog/0.png", "dog/1.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"")
    with pytest.raises(DataError, match=r"classes with pictures: 0; .* Left out: .*, and \d more"):
        gather(tmp_path / "in", skip=True)
    with pytest.raises(DataError, match=r"dog/0\.png: an empty file"):
        pets(tmp_path / "other")
        (tmp_path / "other/dog/0.png").write_bytes(b"")
        gather(tmp_path / "other")


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


def empty_folder_in_class(root: Path) -> None:
    (root / "cat" / "cache").mkdir()


@pytest.mark.parametrize(
    ("spoil", "said", "pictures"),
    [
        (broken, r"cat/broken\.png: cannot be read", 1),
        (empty_file, r"cat/empty\.jpg: an empty file", 1),
        (dead_link, r"cat/gone\.png: no such file", 1),
        (link_to_itself, r"cat/loop\.png: ", 1),
        (stray, r"notes\.txt: a stray file; pictures belong in a class", 0),
        (stray_in_class, r"cat/notes\.txt: a stray file; allowed: \.jpg", 0),
        (picture_beside_classes, r"lost\.png: a stray file", 1),
        (empty_class, r"emu: a class without pictures", 0),
        (empty_folder_in_class, r"cat/cache: an empty folder within a class", 0),
        (one_picture, r"emu/a\.png: the only picture of its class", 1),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_or_left_out(tmp_path, spoil, said, pictures):
    root = pets(tmp_path / "in")
    spoil(root)
    with pytest.raises(DataError, match=said) as caught:
        gather(root)
    assert "skip_unreadable" in str(caught.value)
    gathered, skipped = gather(root, skip=True)
    assert gathered.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert [entry.pictures for entry in skipped] == [pictures]
    assert str(skipped[0]).encode()


def test_unreadable_files_are_as_if_they_were_not_there(tmp_path):
    """A class that has one picture without them is left out, with its test pictures."""
    root = pets(tmp_path / "in", "train", "test")
    for name in ("a", "b", "c"):
        picture(root / "train/emu" / f"{name}.png", ord(name))
        picture(root / "test/emu" / f"{name}.png", 1000 + ord(name))
    for name in ("b", "c"):
        (root / "train/emu" / f"{name}.png").write_bytes(b"nothing")
    gathered, skipped = gather(root, skip=True)
    assert gathered.labels.tolist() == [0, 0, 0, 1, 1, 1] * 2
    assert sum(entry.pictures for entry in skipped) == 6
    said = "\n".join(map(str, skipped))
    assert "train/emu/a.png: the only picture of its class" in said
    assert "test/emu/c.png: its class has 1 training pictures" in said


def loop(root: Path) -> None:
    (root / "loop").symlink_to(root)


def loop_in_class(root: Path) -> None:
    (root / "cat" / "up").symlink_to(root)


def deeper(root: Path) -> None:
    picture(root / "cat" / "tabby" / "a.png")


def deeper_in_all(root: Path) -> None:
    for path in list(root.rglob("*.png")):
        kind = "ab"[int(path.stem) % 3 % 2]
        picture(path.parent / kind / path.name, int(path.stem))
        path.unlink()


def one_too_high(root: Path) -> None:
    (root.parent / "all").mkdir()
    root.rename(root.parent / "all" / "pets")
    (root.parent / "all").rename(root)


def bytes_name(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/e\xffu")).mkdir()
    picture(root / "cat" / "x.png")
    for name in (b"a.png", b"b.png"):
        os.link(root / "cat" / "x.png", os.fsencode(root) + b"/e\xffu/" + name)
    (root / "cat" / "x.png").unlink()


def masks(root: Path) -> None:
    for path in list(root.rglob("*.png")):
        picture(path.with_suffix(".jpg"), 100 + int(path.stem))


def masks_by_name(root: Path) -> None:
    for path in list(root.rglob("*.png")):
        picture(path.with_name(f"{path.stem}_mask.png"), 100 + int(path.stem))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (loop, r"loop/cat: 3 pictures lie deeper than .*in/<class>/\*"),
        (loop_in_class, r"cat/up: 6 pictures lie deeper .*Move them up into .*/cat/, or move"),
        (deeper, r"cat/tabby: 1 pictures lie deeper"),
        (deeper_in_all, r"cat/a: \d pictures lie deeper than .*, and so in 1 other class"),
        (one_too_high, r"pets/cat: 3 pictures lie deeper .*set dataset\.path: .*in/pets if"),
        (bytes_name, r"e\\xffu: the name is not UTF-8\. Rename"),
        (masks, r"0\.png lies beside 0\.jpg, and so it is for 6 pictures: masks, or"),
        (masks_by_name, r"0_mask\.png lies beside 0\.png, and so it is for 6 pictures"),
    ],
)
@pytest.mark.parametrize("skip", [False, True])
def test_a_folder_with_pictures_is_never_left_out(tmp_path, spoil, said, skip):
    root = pets(tmp_path / "in")
    spoil(root)
    with pytest.raises(DataError, match=said) as caught:
        gather(root, skip=skip)
    message = str(caught.value)
    assert "skip_unreadable" not in message
    assert "\n" not in message


def test_one_sub_folder_of_one_name_in_every_class_is_read_and_said(tmp_path):
    root = tmp_path / "in"
    for shade in range(6):
        picture(root / ("cat", "dog")[shade % 2] / "Imgs" / f"{shade}.png", shade)
    source = folder.read(Path("unused"), settings(root))
    assert source.notes == ["the pictures of each class are read from <class>/Imgs/"]
    gathered, _ = gather(root)
    assert gathered.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert gathered.files[0] == "cat/Imgs/0.png"


def test_a_few_pictures_of_one_name_are_no_masks(tmp_path):
    root = pets(tmp_path / "in")
    picture(root / "cat" / "0.jpg", 100)
    assert len(gather(root)[0]) == 7


def test_a_class_in_test_that_train_lacks(tmp_path):
    root = pets(tmp_path / "in", "train", "test")
    picture(root / "test" / "cats" / "a.png")
    said = r"test/cats: 1 pictures of a class that .*in/train does not have; did you mean 'cat'\?"
    for skip in (False, True):
        with pytest.raises(DataError, match=said):
            gather(root, skip=skip)


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("Train", "val", "TEST"), ("training", "Valid", "testing"), ("train", "dev", "test")],
)
def test_the_parts_by_other_names(tmp_path, train, validation, test):
    root = pets(tmp_path / "in", train, validation, test)
    gathered, _ = gather(root)
    assert gathered.official.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert gathered.files[6] == f"{validation}/cat/0.png"


@pytest.mark.parametrize("skip", [False, True])
def test_a_folder_beside_train_and_test(tmp_path, skip):
    root = pets(tmp_path / "in", "train", "test", "holdout")
    with pytest.raises(DataError, match=r"in/holdout \(6 pictures\): beside train/") as caught:
        gather(root, skip=skip)
    message = str(caught.value)
    assert "validation/ (val, valid, dev)" in message
    assert "Rename it, or move it out" in message
    assert "skip_unreadable" not in message


def test_two_folders_for_one_part(tmp_path):
    root = pets(tmp_path / "in", "train", "val", "validation")
    with pytest.raises(DataError, match="'val' and 'validation' both mean validation"):
        gather(root)


def test_parts_without_classes_are_not_taken_for_classes(tmp_path):
    root = tmp_path / "in"
    for shade in range(4):
        picture(root / ("train", "test")[shade % 2] / f"cat.{shade}.png", shade)
    with pytest.raises(DataError, match=r"no classes in .*in/test and .*in/train\. Put"):
        gather(root)


def test_an_empty_test_folder_is_said(tmp_path):
    root = pets(tmp_path / "in", "train")
    (root / "test").mkdir()
    for skip in (False, True):
        with pytest.raises(DataError, match=r"in/test: no pictures in it\. Fill it or remove it"):
            gather(root, skip=skip)


def test_test_images_that_are_all_unreadable_are_not_replaced_by_others(tmp_path):
    root = pets(tmp_path / "in", "train", "test")
    for path in (root / "test").rglob("*.png"):
        path.write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"in/test: no readable pictures in it\."):
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
    with pytest.raises(DataError, match=f"classes with pictures: {len(classes)}; two or more"):
        gather(tmp_path)


def test_a_missing_folder_and_what_is_near(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pets(Path("pictures/Pets"))
    for wrong in ("pictures/pet", "picture/Pets"):
        with pytest.raises(DataError, match=rf"dataset\.path = '{wrong}': no such folder; did you"):
            gather(Path(wrong))
    with pytest.raises(DataError, match=r"did you mean pictures/Pets\?"):
        gather(Path("pictures/pets_"))
    with pytest.raises(DataError, match=r"no such folder\. Write an absolute path"):
        gather(Path("nothing/like/it"))
    with pytest.raises(DataError, match=r"0\.png': a file; name the folder"):
        gather(Path("pictures/Pets/cat/0.png"))


def test_the_home_folder_is_written_out_in_the_error(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    with pytest.raises(DataError, match=r"does not expand ~; .* dataset\.path: /home/ada/pets"):
        gather(Path("~/pets"))
    with pytest.raises(
        DataError, match=r"dataset\.path = '~nobody-here/x': no such folder\. Write"
    ):
        gather(Path("~nobody-here/x"))


def test_what_is_compared_stays_the_same_however_pictures_are_resized(tmp_path):
    root = tmp_path / "in"
    for shade in range(8):
        picture(root / ("cat", "dog")[shade % 2] / f"{shade}.png", shade, size=(40, 60))
    ways = [
        {"image_size": 8},
        {"image_size": 50, "fit": "pad"},
        {"channels": 1, "fit": "crop"},
        {"image_size": "auto"},
    ]
    found = [gather(root, **way)[0] for way in ways]
    assert [one.shape for one in found] == [(8, 8, 3), (50, 50, 3), (8, 8, 1), (40, 40, 3)]
    for one in found[1:]:
        assert (one.digests == found[0].digests).all()
        assert (one.hashes == found[0].hashes).all()


def test_the_image_size_that_is_chosen_comes_with_its_reason(tmp_path):
    root = tmp_path / "in"
    for shade in range(6):
        picture(root / ("cat", "dog")[shade % 2] / f"{shade}.png", shade, size=(40 + shade, 70))
    facts = folder.read(Path("unused"), settings(root, image_size="auto")).pictures
    assert (facts.height, facts.width, facts.coloured) == (42.5, 70, True)
    assert facts.image_size == 42
    assert "42.5 pixels (median)" in facts.image_size_reason
    chosen = folder.read(Path("unused"), settings(root, image_size=16)).pictures
    assert (chosen.image_size, chosen.image_size_reason) == (16, "params.yaml")
    assert chosen.folder == "in"


def test_grey_pictures_in_colour_files_have_no_colours(tmp_path):
    root = tmp_path / "in"
    for shade in range(6):
        path = root / ("cat", "dog")[shade % 2] / f"{shade}.jpg"
        picture(path, shade, "L", size=(32, 32))
        Image.open(path).convert("RGB").save(path)
    assert not folder.read(Path("unused"), settings(root)).pictures.coloured


def test_every_picture_has_its_path_within_the_folder(tmp_path):
    root = pets(tmp_path / "in", "train", "test")
    gathered, _ = gather(root)
    assert gathered.files[:2] == ("train/cat/0.png", "train/cat/2.png")
    assert gathered.files[-1] == "test/dog/5.png"
    assert all((root / name).is_file() for name in gathered.files)


def test_what_cannot_be_seen_in_names_is_shown_from_here_on(tmp_path):
    for name in ("\x1b[31mred", "x\u202ey", "a\nb", "plain"):
        picture(tmp_path / "in" / name / "1\x1b.png")
        picture(tmp_path / "in" / name / "2.png")
    found = folder.read(Path("unused"), settings(tmp_path / "in"))
    assert found.classes == (r"\x1b[31mred", r"a\nb", "plain", r"x\u202ey")
    (chunk,) = found.train.chunks()
    assert r"\x1b[31mred/1\x1b.png" in chunk.files


def test_two_folders_that_are_shown_alike_are_refused(tmp_path):
    for name in ("a\x1b", r"a\x1b", "plain"):
        picture(tmp_path / "in" / name / "1.png")
        picture(tmp_path / "in" / name / "2.png")
    with pytest.raises(DataError, match=r"two folders are both shown as a\\x1b\. Rename one"):
        folder.read(Path("unused"), settings(tmp_path / "in"))


def test_what_was_found_with_unreadable_files_is_what_is_found_without_them(tmp_path):
    """Every rule of the layout counts readable files only, where the others are left out."""
    root = pets(tmp_path / "in", "train", "test")
    unreadable = [
        "train/emu/a.png", "train/emu/b.png",  # a class without readable pictures
        "test/gnu/a.png",  # a class that train lacks
        "train/cat/deep/a.png",  # a folder within a class
        "holdout.png",  # a stray file
        *(f"train/{kind}/{i}_mask.png" for kind in ("cat", "dog") for i in range(6)),  # masks
    ]  # fmt: skip
    for name in unreadable:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"nothing")
    for name in ("a", "b"):
        picture(root / "test/emu" / f"{name}.png", ord(name))
    left_out, skipped = gather(root, skip=True)
    assert sum(entry.pictures for entry in skipped) == len(unreadable) + 2
    for name in unreadable:
        (root / name).unlink()
    removed, _ = gather(root, skip=True)
    assert left_out.files == removed.files
    assert left_out.labels.tolist() == removed.labels.tolist() == [0, 0, 0, 1, 1, 1] * 2


def test_pictures_are_told_by_their_content_and_folders_by_being_folders(tmp_path):
    root = pets(tmp_path / "in")
    (root / "cat" / "0.png").rename(root / "cat" / "no suffix")
    (root / "cat" / "2.png").rename(root / "cat" / "2.txt")
    (root / "dog").rename(root / "dog.jpg")
    source = folder.read(Path("unused"), settings(root))
    assert source.classes == ("cat", "dog.jpg")
    gathered, _ = gather(root)
    assert gathered.files[:3] == ("cat/2.txt", "cat/4.png", "cat/no suffix")


def test_a_folder_in_a_class_that_is_called_like_a_picture_is_no_picture(tmp_path):
    root = pets(tmp_path / "in")
    (root / "cat" / "album.jpg").mkdir()
    assert len(gather(root, skip=True)[0]) == 6
    picture(root / "cat" / "album.jpg" / "a.png")
    with pytest.raises(DataError, match=r"cat/album\.jpg: 1 pictures lie deeper"):
        gather(root)


def test_a_named_pipe_does_not_block(tmp_path):
    root = pets(tmp_path / "in")
    os.mkfifo(root / "cat" / "pipe.png")
    os.mkfifo(root / "cat" / "pipe")
    with pytest.raises(DataError, match=r"cat/pipe: a stray file"):
        gather(root)
    (root / "cat" / "pipe").unlink()
    with pytest.raises(DataError, match=r"pipe\.png: not an ordinary file"):
        gather(root)


def test_what_is_passed_over_is_counted(tmp_path):
    root = pets(tmp_path / "in")
    (root / "cat" / "Thumbs.db").touch()
    (root / "dog" / ".hidden.png").touch()
    notes = folder.read(Path("unused"), settings(root)).notes
    assert [note.split(" entries")[0] for note in notes] == ["passed over 2"]


def test_pictures_that_show_next_to_nothing_are_listed(tmp_path):
    root = pets(tmp_path / "in")
    drawing = np.zeros((8, 8, 4), np.uint8)
    drawing[2:4] = 255  # white on what is transparent
    Image.fromarray(drawing).save(root / "cat" / "drawing.png")
    twelve_bits = np.random.default_rng(0).integers(0, 4096, (8, 8), dtype=np.uint16)
    Image.fromarray(twelve_bits).save(root / "dog" / "deep.png")
    source = folder.read(Path("unused"), settings(root))
    gathering.gather(source, tmp_path / "scratch", skip=False)
    assert source.plain == ["cat/drawing.png", "dog/deep.png"]
