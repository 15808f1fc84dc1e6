"""The reading of YAML that a person has edited: any bytes end in sections, or in one sentence."""

from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import Node, ScalarNode

from pipeline.base.errors import ConvoyError
from pipeline.base.text import brief, shown, visible

MOST_BYTES = 1_000_000
# The deepest value that params.yaml may hold is `tune.fixed.mlp.units`. libyaml crashes at some
# 100,000 levels, and a few hundred bytes of aliases can stand for billions of values.
MOST_LEVELS, MOST_VALUES = 20, 10_000
BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class YamlTextError(ConvoyError):
    """A text that is not the YAML that is expected; the message does not name the file."""


class Unreadable(str):
    """A value that YAML allows and Python refuses, such as an integer of 5,000 digits.

    It is text, but no kind of value in params.yaml accepts it.
    """


class _Constructor(SafeConstructor):
    """Keeps a value that Python cannot represent, for the error that names its key."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except YAMLError:
            raise
        except (ValueError, LookupError, OverflowError) as error:
            if not isinstance(node, ScalarNode):
                raise ConstructorError(None, None, brief(str(error)), node.start_mark) from None
            return Unreadable(node.value)


def load(content: bytes) -> dict[str, Any]:
    """Parse the bytes of a YAML file that consists of sections.

    A byte order mark of UTF-8 and any kind of line ends are accepted.

    Raises:
        YamlTextError: it is not UTF-8, not YAML, too large or too deep, has a key twice or a key
            that is no text, or is not made of sections.
    """
    text = _decoded(content)
    try:
        _check_levels(text)
        yaml = YAML(typ="safe")
        yaml.Constructor = _Constructor
        found = yaml.load(text)
    except YAMLError as error:
        raise YamlTextError(f"not valid YAML: {_reason(error)}") from None
    if not isinstance(found, dict):
        raise YamlTextError(f"expected sections such as dataset: and tune:, got {shown(found)}")
    _check_values(found)
    return found


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise YamlTextError(f"{len(content):,} bytes; allowed: at most {MOST_BYTES:,}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        kind = BYTE_ORDER_MARKS.get(content[:2])
        what = f"it is {kind}" if kind else f"line {line} has the byte 0x{content[error.start]:02x}"
        raise YamlTextError(f"not UTF-8: {what}; save it as UTF-8") from None


def _check_levels(text: str) -> None:
    """Check how deep values are nested, without building them."""
    level = 0
    for event in YAML(typ="safe").parse(text):
        level += isinstance(event, CollectionStartEvent)
        level -= isinstance(event, CollectionEndEvent)
        if level > MOST_LEVELS:
            line = event.start_mark.line + 1
            raise YamlTextError(f"line {line}: nested deeper than {MOST_LEVELS} levels")


def _check_values(found: Mapping[Any, Any]) -> None:
    """Check every key, and the number of values with all aliases written out."""
    waiting: list[tuple[str, Any, int]] = [("", found, 0)]
    values = 0
    while waiting:
        key, value, level = waiting.pop()
        values += 1
        if values > MOST_VALUES:
            raise YamlTextError(f"more than {MOST_VALUES:,} values; allowed: that many at most")
        if level > MOST_LEVELS:  # an alias of what it stands in
            raise YamlTextError(f"{key}: nested deeper than {MOST_LEVELS} levels")
        if isinstance(value, Mapping):
            for name, inner in value.items():
                if not isinstance(name, str):
                    where = f"in {key}" if key else "at the top level"
                    raise YamlTextError(f"{shown(name)} {where}: not a key, which is a text")
                waiting.append((f"{key}.{brief(visible(name))}".lstrip("."), inner, level + 1))
        elif isinstance(value, list | tuple | set):
            waiting += [(key, inner, level + 1) for inner in value]


def _reason(error: YAMLError) -> str:
    """Return one line: where, and what is wrong there."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    text = brief(visible(str(problem)), 200)
    return f"line {mark.line + 1}: {text}" if mark else text
