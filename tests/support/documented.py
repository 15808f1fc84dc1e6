"""The commands that README.md, CONTRIBUTING.md and docs/ show, and what each program says of them.

A block without a language, or of `bash`, holds commands: each line, or where lines begin with a
prompt, those. `<!-- not run by a test: REASON -->` above a block exempts it. Steps of a workflow
(`run:` in a block of `yaml`) count as well. Commands within sentences are only read.
"""

import importlib.util
import re
import shlex
import subprocess
from dataclasses import dataclass

import typer
from dvc.cli import parse_args

from pipeline.__main__ import app
from pipeline.commands import before_dvc
from pipeline.config import environment
from support.project import ROOT

DOCS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))
PAGES = ["README.md", "CONTRIBUTING.md", *DOCS]
BLOCK = re.compile(
    r"(?P<mark><!-- not run by a test: [^\n]+ -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```",
    re.DOTALL | re.MULTILINE,
)
PROMPT = re.compile(r"^[\w-]*\$ +")
OURS = re.compile(r"`((?:[A-Z_]+=\S+ )*(?:python -m (?:pipeline|benchmarks)|dvc|make) [^`]+)`")
VARIABLE = re.compile(r"[A-Z_]+=")


@dataclass(frozen=True)
class Command:
    """A command on a page.

    Attributes:
        page: The page, relative to the root.
        text: The command as one would type it.
        block: Whether it stands in a block, not in a sentence.
        marked: Whether its block says that no test runs it.
    """

    page: str
    text: str
    block: bool = True
    marked: bool = False

    def __str__(self):
        return f"{self.page}: {self.text}"


def all_commands():
    """List the commands of all pages; those joined by && one by one."""
    return [command for page in PAGES for command in of_page(page)]


def of_page(page):
    """List the commands of one page, blocks first."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for block in BLOCK.finditer(text):
        for line in _lines(block["language"], block["body"]):
            marked = block["mark"] is not None
            # A comment begins after two spaces; # within a word is part of it.
            typed = re.sub(r"(^|\s\s+)# .*", "", line).strip().removeprefix(".venv/bin/")
            found += [Command(page, part, marked=marked) for part in typed.split(" && ") if part]
    prose = BLOCK.sub("", text)
    inline = {" ".join(typed.split()) for typed in OURS.findall(prose)}
    return found + [Command(page, text, block=False) for text in sorted(inline)]


def _lines(language, body):
    lines = body.splitlines()
    if language == "yaml":
        return [line.partition("run: ")[2] for line in lines if line.strip().startswith("- run: ")]
    if language not in ("", "bash"):
        return []
    prompted = [line for line in lines if PROMPT.match(line)]
    return [PROMPT.sub("", line) for line in prompted] if prompted else lines


def split(text):
    """Return the variables that are set before a command, and its words."""
    words = shlex.split(text)
    count = next((n for n, word in enumerate(words) if not VARIABLE.match(word)), len(words))
    return dict(word.split("=", 1) for word in words[:count]), words[count:]


def read(text, monkeypatch, whole=True):
    """Let the program that a command calls read its words, without doing anything.

    Values of parameters and of CONVOY_ variables are checked as in a run. What is not `whole`, as
    in a sentence, may lack arguments.

    Raises:
        AssertionError, SystemExit or the program's own error: it would refuse them.
    """
    variables, words = split(text)
    known = {getattr(environment, name) for name in ("WORKERS", "MEMORY", "SCHEDULER", "STATE")}
    assert {name for name in variables if name.startswith("CONVOY_")} <= known | {"CONVOY_FORK"}
    # What stands for a number or an address in a sentence.
    examples = {"N": "2", "tcp://host:port": "tcp://host:8786"}
    with monkeypatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, examples.get(value, value))
        environment.check()
    words = [examples.get(word, word) for word in words]
    match words:
        case []:
            return
        case ["python", "-m", "pipeline", *rest]:
            _read_ours(rest, whole)
        case ["python", "-m", "benchmarks.NAME" | "pipeline.stages", *_]:
            return
        case ["python", "-m", module, *_]:
            assert importlib.util.find_spec(module), f"no module {module}"
        case ["cut", *_]:
            return
        case ["dvc", *rest]:
            _read_dvc(rest)
        case ["make", *goals]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            for goal in goals:
                assert "=" in goal or re.search(rf"^{goal}:", makefile, re.MULTILINE), goal
        case ["git", command, *_]:
            assert command in _git_commands()
        case _:
            raise AssertionError(f"no test knows {words[0]}: run it, or mark its block")


def _read_ours(words, whole):
    name, *rest = words
    commands = typer.main.get_command(app).commands
    assert name in commands, f"no command {name}"
    try:
        commands[name].make_context(name, rest)
    except typer.exceptions.TyperException as error:
        if whole or type(error).__name__ != "MissingParameter":  # Typer hides the class
            raise


def _read_dvc(words):
    # In a sentence the name of a command may stand for itself.
    complete = any(word.startswith("-") for word in words) or words[:1] == ["repro"]
    if complete:
        parse_args(words)
    before_dvc.check(words)


def _git_commands():
    listed = subprocess.run(
        ["git", "--list-cmds=main"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return listed.stdout.split()
