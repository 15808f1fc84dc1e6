"""Run stages and note what each imports, reads and opens: python -m support.observing STAGE...

A process of its own, because every stage is run with nothing of `pipeline` imported before. It
writes `observed.json` into the working directory.
"""

import importlib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Observed:
    """What one run of a stage did: modules imported, parameters read, files opened."""

    modules: set
    parameters: set
    files: set


class OpenedFiles:
    """A note of the files below the working directory that are opened; Python tells of each."""

    def __init__(self):
        self.noted = None
        sys.addaudithook(self._hear)

    def _hear(self, event, arguments):
        if self.noted is None or event != "open" or not isinstance(arguments[0], str | Path):
            return
        path = Path(arguments[0])
        path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        if path.parts[0] in ("data", "models", "results"):
            self.noted.add(str(path))


def is_section(value):
    return hasattr(type(value), "model_fields")


def leaves(section, prefix=""):
    """Return every parameter below a section, by dotted key."""
    found = set()
    for name in type(section).model_fields:
        value = section.__dict__[name]
        found |= leaves(value, f"{prefix}{name}.") if is_section(value) else {f"{prefix}{name}"}
    return found


def recorded_reads(settings, section_class):
    """Note every parameter that is read from now on; return the set that grows."""
    prefixes, reads = {}, set()

    def walk(section, prefix):
        prefixes[id(section)] = prefix
        for name in type(section).model_fields:
            value = section.__dict__[name]
            if is_section(value):
                walk(value, f"{prefix}{name}.")

    def read(self, name):
        value = object.__getattribute__(self, name)
        prefix = prefixes.get(id(self))
        if prefix is not None:
            if name in ("model_dump", "model_copy"):
                reads.update(leaves(self, prefix))
            elif name in type(self).model_fields and id(value) not in prefixes:
                reads.add(f"{prefix}{name}")
        return value

    walk(settings, "")
    section_class.__getattribute__ = read
    return reads


def observe(name, opened):
    """Run one stage as its runner does."""
    stage, *item = name.split("@")
    for module in [m for m in sys.modules if m.partition(".")[0] == "pipeline"]:
        del sys.modules[module]
    module = importlib.import_module(f"pipeline.stages.{stage}")
    settings = importlib.import_module("pipeline.config.params").load()
    section = importlib.import_module("pipeline.config.fields").Section
    reads = recorded_reads(settings, section)
    opened.noted = set()
    module.main(settings, *item)
    files, opened.noted = opened.noted, None
    loaded = [m.__file__ for name, m in sys.modules.items() if name.partition(".")[0] == "pipeline"]
    root = Path("pipeline").resolve().parent
    modules = {Path(file).resolve().relative_to(root).as_posix() for file in loaded}
    return Observed(modules, set(reads), files)


if __name__ == "__main__":
    opened = OpenedFiles()
    found = {name: asdict(observe(name, opened)) for name in sys.argv[1:]}
    content = {name: {k: sorted(v) for k, v in did.items()} for name, did in found.items()}
    Path("observed.json").write_text(json.dumps(content))
