import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.base import files


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "folder/file.txt"
    with files.replacing(target) as scratch:
        scratch.write_text("old")
    with files.replacing(target) as scratch:
        scratch.write_text("half of the n")
        assert target.read_text() == "old"
    assert target.read_text() == "half of the n"
    assert list(target.parent.iterdir()) == [target]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(OSError, match="no room"), files.replacing(target) as scratch:
        scratch.write_text("half")
        raise OSError("no room")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_is_not_replaced(tmp_path):
    for folder in (tmp_path, Path()):
        with pytest.raises(IsADirectoryError), files.replacing(folder):
            pass


def test_a_pipe_is_written_to_itself(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(pipe.read_bytes)
        files.write_json(pipe, [1])
        assert heard.result() == b"[\n  1\n]\n"
    assert pipe.is_fifo()


def test_json_is_readable_by_people_and_comes_back(tmp_path):
    content = {"class": "größer", "score": 0.1 + 0.2, "none": None, "list": [1, 2]}
    files.write_json(tmp_path / "a.json", content)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert '\n  "class": "größer",\n' in text and text.endswith("}\n")
    assert files.read_json(tmp_path / "a.json") == content


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_lacks_is_an_error_and_no_file(tmp_path, number):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "a.json", {"loss": number})
    assert list(tmp_path.iterdir()) == []


def test_a_table_comes_back_whatever_its_names_hold(tmp_path):
    rows = [["a, b", 'said "so"'], ["two\nlines", ""]]
    files.write_csv(tmp_path / "a.csv", ["name", "note"], rows)
    assert (tmp_path / "a.csv").read_bytes().startswith(b"name,note\n")  # no carriage returns
    found = files.read_csv(tmp_path / "a.csv")
    assert [[*row.values()] for row in found] == rows
    assert list(found[0]) == ["name", "note"]


def test_a_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"bytes")
    assert files.sha256(tmp_path / "a") == hashlib.sha256(b"bytes").hexdigest()


def test_python_s_caches_are_no_files_of_a_folder(tmp_path):
    for name in ("a.py", "sub/b.py", "sub/__pycache__/b.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert set(files.files_of(tmp_path)) == {tmp_path / "a.py", tmp_path / "sub/b.py"}
    assert files.files_of(tmp_path / "a.py") == [tmp_path / "a.py"]
    assert files.files_of(tmp_path / "none") == []
