"""The tutorial as a notebook: docs/tutorial.ipynb from docs/tutorial.md, written by `make docs`.

Blocks of `bash` and `python` become cells; other blocks stay text. The notebook is kept without
outputs: whoever executes it makes them.
"""

import doctest
import re
from pathlib import Path

import jupytext
import nbformat
from outputs import SHOWN

FOLDER = Path(__file__).parent
SOURCE, NOTEBOOK = FOLDER / "tutorial.md", FOLDER / "tutorial.ipynb"
DOCTEST = re.compile(r"```python\n(>>> .*?)```\n", re.DOTALL)
# Jupyter starts in the notebook's folder, and not always with the environment's commands at hand.
FIRST = """```python
import os
import sys
from pathlib import Path

while not Path("dvc.yaml").exists():
    os.chdir("..")  # to the root of the repository
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
```
"""
# Else jupytext takes the language of most blocks, the shell's, for that of the notebook.
HEAD = """---
jupyter:
  kernelspec: {name: python3, display_name: Python 3, language: python}
---
"""
ITSELF = "The same as a notebook is [tutorial.ipynb](tutorial.ipynb)."
HINT = "Start Jupyter from that environment (`pip install jupyterlab`). Run this cell first:"


def made(text):
    """Return the notebook, as JSON, of the tutorial's text."""
    text = SHOWN.sub(lambda found: f"```bash\n{found['command']}\n```\n", text)
    text = DOCTEST.sub(lambda found: f"```python\n{_typed(found[1])}```\n", text)
    before, found, after = text.partition(ITSELF)
    if not found:
        raise ValueError(f"{SOURCE.name}: no sentence {ITSELF}")
    notebook = jupytext.reads(f"{HEAD}{before}{HINT}\n\n{FIRST}{after}", fmt="md")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # by default at random
    return nbformat.writes(notebook) + "\n"


def _typed(session):
    """Return the lines that were typed in an interactive session."""
    return "".join(example.source for example in doctest.DocTestParser().get_examples(session))


if __name__ == "__main__":
    NOTEBOOK.write_text(made(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
