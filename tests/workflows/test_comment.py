"""The comment on a pull request: what it compares, and what it says when it cannot."""

import os
import re

import pytest
from support.pull_requests import (
    pull_request,
    push_again,
    script,
    shallow,
    text_alone,
    worse,
    worse_and_hostile,
)
from support.repositories import PARAMS, write_results, wrong_models

# Records each call, and answers like a repository with pull request 7 and the comments in a file.
GH = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$GH_LOG"
case "$*" in
    *"/pulls "*) echo "7 main" ;;
    *"--paginate"*) cat "$GH_COMMENTS" ;;
esac
for argument in "$@"; do
    case "$argument" in body=@*) cp "${argument#body=@}" "$GH_LOG.body" ;; esac
done
"""
FORGED = '0.01\n\n# @everyone <img src="https://evil.example/x.png"> www.evil.example'


@pytest.fixture
def gh(tmp_path):
    """Put a `gh` on the path that records what it is asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    (tmp_path / "comments").write_text("")
    return {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "GH_LOG": str(tmp_path / "gh.log"),
        "GH_COMMENTS": str(tmp_path / "comments"),
        "REPOSITORY": "us/it",
        "HEAD_OWNER": "them",
        "HEAD_BRANCH": "change",
    }


def comment(tmp_path, gh, origin):
    """Post the comment; give how the script ended, and the comment."""
    clone = shallow(tmp_path, origin, "refs/heads/main")
    done = script("comment.sh", clone, **gh, HEAD_SHA=origin["head"])
    return done, (tmp_path / "gh.log.body").read_text()


@pytest.mark.parametrize(
    ("comments", "call"),
    [
        ("", "--method POST repos/us/it/issues/7/comments"),
        ("42\n", "--method PATCH repos/us/it/issues/comments/42"),
    ],
)
def test_one_comment_is_written_or_replaced_and_their_code_never_runs(tmp_path, gh, comments, call):
    origin = pull_request(tmp_path, worse_and_hostile)
    (tmp_path / "comments").write_text(comments)
    done, body = comment(tmp_path, gh, origin)
    assert done.returncode == 0
    assert "their code ran" not in done.stdout
    assert call in (tmp_path / "gh.log").read_text()
    assert body.startswith("<!-- convoy-report -->\n## ❌ Worse")
    assert f"Of `{origin['head'][:7]}`, merged into `{origin['base'][:7]}` of `main`." in body
    assert f"https://example.org/us/it/blob/{origin['merge']}/results/pictures" in body
    # The clone was shallow, and of the pull request itself only the last commit was fetched.
    assert "lacks earlier results" not in body
    assert "2nd result judged on these 400 test images" in body


def test_what_others_have_merged_since_is_not_counted(tmp_path, gh):
    origin = pull_request(tmp_path, text_alone, moves=worse)
    _, body = comment(tmp_path, gh, origin)
    assert "🟰 Equivalent" in body
    assert f"merged into `{origin['main'][:7]}` of `main`" in body


def test_conflicts_leave_a_comparison_with_where_the_branch_left_main(tmp_path, gh):
    def improve(work):
        write_results(work, wrong_models(range(1)))

    origin = pull_request(tmp_path, worse, moves=improve, merge=False)
    _, body = comment(tmp_path, gh, origin)
    assert "❌ Worse" in body
    assert f"not merged, against `{origin['base'][:7]}`, where it left `main`" in body


def test_the_merge_of_an_earlier_head_is_not_taken_for_that_of_this_one(tmp_path, gh):
    origin = pull_request(tmp_path, worse)
    push_again(tmp_path, origin)
    _, body = comment(tmp_path, gh, origin)
    assert f"Of `{origin['head'][:7]}`, not merged" in body
    assert f"/blob/{origin['head']}/results/pictures" in body


def test_a_report_that_cannot_be_computed_replaces_the_old_one_and_is_not_obeyed(tmp_path, gh):
    def forge(work):
        write_results(
            work, wrong_models(range(5)), params={**PARAMS, "evaluate": {"margin": FORGED}}
        )

    origin = pull_request(tmp_path, forge)
    (tmp_path / "comments").write_text("42\n")
    done, body = comment(tmp_path, gh, origin)
    assert done.returncode == 1
    assert "--method PATCH repos/us/it/issues/comments/42" in (tmp_path / "gh.log").read_text()
    marker, first, empty, *reason = body.rstrip("\n").split("\n")
    assert (marker, empty) == ("<!-- convoy-report -->", "")
    assert first == f"The report of `{origin['head'][:7]}` could not be computed:"
    assert "evaluate.margin = " in body
    assert all(line.startswith("    ") for line in reason), "else it is no code block"


BOMB = "b0: &b0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{level}: &b{level} [{', '.join([f'*b{level - 1}'] * 9)}]\n" for level in range(1, 9)
)


def test_a_file_that_stands_for_gigabytes_is_refused_at_once_and_named(tmp_path, gh):
    def forge(work):
        with (work / "params.yaml").open("a") as stream:
            stream.write(BOMB)

    done, body = comment(tmp_path, gh, pull_request(tmp_path, forge))
    assert done.returncode == 1
    assert "could not be computed" in body
    assert "params.yaml at" in body and "aliases stand for more than" in body


def test_a_report_without_an_end_is_stopped_and_the_comment_says_so(tmp_path, gh):
    origin = pull_request(tmp_path, worse)
    clone = shallow(tmp_path, origin, "refs/heads/main")
    (clone / ".report/bin/python").write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    done = script("comment.sh", clone, **gh, HEAD_SHA=origin["head"], REPORT_SECONDS="2")
    assert done.returncode == 124
    body = (tmp_path / "gh.log.body").read_text()
    assert "could not be computed" in body and "more than 2 seconds" in body


def test_the_runner_obeys_no_line_of_theirs(tmp_path, gh):
    def forge(work):
        (work / "results/data.json").write_text('"\\n::add-mask::worse\\n"')

    done, _ = comment(tmp_path, gh, pull_request(tmp_path, forge))
    lines = done.stdout.splitlines()
    (stop,) = [number for number, line in enumerate(lines) if line.startswith("::stop-commands::")]
    word = lines[stop].removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", word)
    assert lines.index(f"::{word}::") == len(lines) - 1
    assert not any("::" in line for line in lines[:stop])


def test_a_long_report_is_cut_short_and_says_so_where_it_is_seen(tmp_path, gh):
    many = {**PARAMS, "notes": {f"key_{number}": "long" * 20 for number in range(700)}}
    origin = pull_request(
        tmp_path, lambda work: write_results(work, wrong_models(range(5)), params=many)
    )
    _, body = comment(tmp_path, gh, origin)
    assert 60_000 < len(body) < 65_000
    assert re.search(r"^Of `.*Cut short: the rest is in the artifact", body, re.MULTILINE)


def test_what_is_no_commit_is_refused(tmp_path, gh):
    origin = pull_request(tmp_path, text_alone)
    clone = shallow(tmp_path, origin, "refs/heads/main")
    done = script("comment.sh", clone, **gh, HEAD_SHA='x") | halt')
    assert done.returncode == 1
    assert not (tmp_path / "gh.log").exists()
