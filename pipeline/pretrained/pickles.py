"""Reading pickles without trust: an interpreter of few instructions that calls nothing.

A pickle is a program, and Python's own interpreter calls any function that it names. This one knows
only the instructions that plain values and a table of tensors need. A function's name stays a name,
and a call is handed to the reader of the format, which knows the few calls that it expects.
"""

import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from pipeline.base.files import FileError

MOST_INSTRUCTIONS = 1_000_000
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}


class WeightsError(FileError):
    """A file of weights is missing, broken, of another format, or not the published one."""


@dataclass(frozen=True)
class Named:
    """The module and name of a Python object; the object itself is never looked up."""

    name: str


@dataclass(frozen=True)
class Reader:
    """A format's answers to the two instructions that reach beyond the pickle.

    Attributes:
        call: Takes a function's name and its arguments, and returns a stand-in for the result.
        refer: Takes the identity of something outside the pickle, and returns a stand-in for it.
            Both raise WeightsError for everything that they do not expect.
    """

    call: Callable[[Any, Any], Any]
    refer: Callable[[Any], Any]


def load(stream: IO[bytes], reader: Reader) -> Any:
    """Read one pickle from its first byte to its last and return the value that it describes.

    Raises:
        WeightsError: the pickle is cut, broken, too long, or has an instruction that is not known.
    """
    machine = _Machine(reader)
    for number, (name, argument) in enumerate(_instructions(stream)):
        if name == "STOP":
            return machine.result()
        if number == MOST_INSTRUCTIONS:
            raise WeightsError(f"refused: more than {MOST_INSTRUCTIONS} instructions in a pickle")
        machine.step(name, argument)
    raise WeightsError("the file ends too early")


def _instructions(stream: IO[bytes]) -> Iterator[tuple[str, Any]]:
    try:
        for operation, argument, _ in pickletools.genops(stream):
            yield operation.name, argument
    # genops raises these where the bytes are no instructions.
    except (ValueError, OverflowError) as error:
        raise WeightsError(f"broken, or no pickle: {str(error)[:100]}") from None


class _Machine:
    """The interpreter's state: a stack, the places of marks on it, and a memory.

    Values may refer to one another without end, so none of them is ever printed or hashed.
    """

    def __init__(self, reader: Reader):
        self.reader = reader
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def result(self) -> Any:
        """Return the one value that is left."""
        if len(self.stack) != 1 or self.marks:
            raise WeightsError("refused: a pickle that ends with values left over")
        return self.stack[0]

    def step(self, name: str, argument: Any) -> None:
        """Follow one instruction; `pickletools` describes each."""
        match name:
            case "PROTO":
                pass
            case "MARK":
                self.marks.append(len(self.stack))
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                self.stack.append(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                self.stack.append(CONSTANTS[name])
            case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
                self.stack.append(EMPTY[name]())
            case "BINPUT" | "LONG_BINPUT":
                self.memory[argument] = self._last()
            case "BINGET" | "LONG_BINGET":
                self.stack.append(self._remembered(argument))
            case "TUPLE":
                self.stack.append(tuple(self._marked()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self.stack.append(tuple(self._pop(int(name[-1]))))
            case "APPEND":
                self._extend(self._pop(1))
            case "APPENDS":
                self._extend(self._marked())
            case "SETITEM":
                self._set(self._pop(2))
            case "SETITEMS":
                self._set(self._marked())
            case "GLOBAL":
                self.stack.append(Named(argument))
            case "BINPERSID":
                self.stack.append(self.reader.refer(*self._pop(1)))
            case "REDUCE":
                self.stack.append(self.reader.call(*self._pop(2)))
            case "BUILD":
                # Attributes of a table: versions of PyTorch's modules, which nothing needs.
                self._pop(1)
            case _:
                raise WeightsError(f"refused: the instruction {name}, which no tensor needs")

    def _last(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise WeightsError("refused: a pickle that takes more values than it has")
        return self.stack[-1]

    def _pop(self, count: int) -> list[Any]:
        """Take values off the stack, down to the last mark at most."""
        values = []
        for _ in range(count):
            values.append(self._last())
            self.stack.pop()
        return values[::-1]

    def _marked(self) -> list[Any]:
        """Take all values above the last mark off the stack, and the mark."""
        if not self.marks:
            raise WeightsError("refused: a pickle that takes more values than it has")
        place = self.marks.pop()
        values = self.stack[place:]
        del self.stack[place:]
        return values

    def _remembered(self, number: int) -> Any:
        if number not in self.memory:
            raise WeightsError("refused: a pickle that refers to nothing")
        return self.memory[number]

    def _extend(self, values: list[Any]) -> None:
        target = self._last()
        if not isinstance(target, list):
            raise WeightsError("refused: a pickle that appends to something other than a list")
        target.extend(values)

    def _set(self, values: list[Any]) -> None:
        target, names = self._last(), values[::2]
        if not isinstance(target, dict) or not all(isinstance(name, str) for name in names):
            raise WeightsError("refused: a table whose keys are not names")
        if len(values) % 2:
            raise WeightsError("refused: a table with a key that has no value")
        target.update(zip(names, values[1::2], strict=True))
