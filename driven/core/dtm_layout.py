"""What the numbers in a compiled template mean: header, instructions, filters and tests. docs/dtm.md draws it.

Compiled, so that reader and builder have them as constants. The instructions of conditions are those of `machine`.
"""

from __future__ import annotations

from driven.core._rt import FormatError, i64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

MAGIC: Final = b"DTM\x00"
VERSION: Final = 1
HEADER_SIZE: Final = 64
SLOT_SIZE: Final = 16
DIGEST_AT: Final = 8  # 32 bytes of BLAKE3 over all that follows them
DIGEST_END: Final = 40
LINEAR: Final = 1  # flag: the slots, one after the other, are the template; there is no code

MAX_FILE: Final = 16777216  # bytes of a compiled template
MAX_OUTPUT: Final = 4194304  # bytes of what it renders to, and of each text on the way
MAX_CELLS: Final = 4096  # variables, and values that `set` and `for` keep
MAX_STRINGS: Final = 65536
MAX_STACK: Final = 256
MAX_LOOPS: Final = 32  # loops within loops
MAX_CAPTURES: Final = 32  # `{% set x %}…{% endset %}` within one another
MAX_DEPTH: Final = 16  # lists within lists
MAX_ITEMS: Final = 100000  # of one list, and of one `range`
MAX_BITS: Final = 4096  # of a whole number
FUEL: Final = 2000000  # instructions; work on long texts and lists costs more than one

# As in `machine`: u16 behind CALL and TEXT, i64 behind PUSH, u16 ahead behind AND and OR. CALL gives a cell's value.
PUSH: Final = 1
CALL: Final = 2
TEXT: Final = 3
NOT: Final = 4
TRUTH: Final = 5
EQ: Final = 6
NE: Final = 7
LT: Final = 8
LE: Final = 9
GT: Final = 10
GE: Final = 11
AND: Final = 12
OR: Final = 13

# Only here. What stands behind an instruction is said by SHAPES.
IN: Final = 14
NOT_IN: Final = 15
ADD: Final = 16
SUB: Final = 17
MUL: Final = 18
DIV: Final = 19
FLOORDIV: Final = 20
MOD: Final = 21
POW: Final = 22
NEG: Final = 23
POS: Final = 24
CONCAT: Final = 25  # u16 values become one text
ITEM: Final = 26
SLICE: Final = 27  # value, start, stop, step
CONST: Final = 28  # u8: 0 none, 1 true, 2 false
NUMBER: Final = 29  # u16: a string that is a number: a float, or a whole one of more than 64 bits
LIST: Final = 30  # u16 values
TUPLE: Final = 31  # u16 values
UNDEFINED: Final = 32  # u16: a string that says why
CHAIN: Final = 33  # u8 comparison, u16 ahead: `a < b < c`
FILTER: Final = 34  # u8 which, u8 arguments
TEST: Final = 35  # u8 which, u8 arguments
MAP: Final = 36  # u8 filter, u8 arguments
SELECT: Final = 37  # u8 test (255: truth), u8 arguments, u8 1: what is not so
RANGE: Final = 38  # u8 arguments
CYCLE: Final = 39  # a tuple and an index
STORE: Final = 40  # u16 cell
COPY: Final = 41  # u16 to, u16 from
COPY_DEFINED: Final = 42  # u16 to, u16 from
CLEAR: Final = 43  # u16 cell
UNPACK: Final = 44  # u16: that many values, the first on top
EMIT: Final = 45  # u32 first slot, u32 count
OUT: Final = 46
CAPTURE: Final = 47
CAPTURED: Final = 48
JUMP: Final = 49  # u32: a place in the code
JUMP_FALSE: Final = 50  # u32
FOR: Final = 51
NEXT: Final = 52  # u32: where to go when there is no more
ELSE: Final = 53  # u32: where to go when the loop has nothing at all
KEEP: Final = 54
GATHER: Final = 55  # u32: as NEXT, and leaves what was kept
LOOP: Final = 56  # u8 loops out, u8 attribute
LAST: Final = 56

SHAPES: Final = (
    "", "q", "h", "h", "", "", "", "", "", "", "", "", "h", "h", "", "", "", "", "", "", "", "", "", "", "", "h", "",
    "", "b", "h", "h", "h", "h", "bh", "bb", "bb", "bb", "bbb", "b", "", "h", "hh", "hh", "h", "h", "ii", "", "", "",
    "i", "i", "", "i", "i", "", "i", "bb",
)  # fmt: skip
"""The operands of each instruction: b a byte, h 16 bits, i 32 bits, q 64 bits."""

LOOP_ATTRIBUTES: Final = (
    "index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem", "depth", "depth0",
)  # fmt: skip

# The number of a filter or a test is its place here: append only.
FILTERS: Final = (
    "abs", "capitalize", "center", "default", "first", "float", "indent", "int", "join", "last", "length", "list",
    "lower", "max", "min", "replace", "reverse", "round", "sort", "string", "sum", "title", "trim", "truncate",
    "unique", "upper", "wordcount",
)  # fmt: skip
TESTS: Final = (
    "boolean", "defined", "divisibleby", "eq", "even", "false", "float", "ge", "gt", "in", "integer", "iterable", "le",
    "lower", "lt", "mapping", "ne", "none", "number", "odd", "sequence", "string", "true", "undefined", "upper",
)  # fmt: skip


def widths() -> list[int]:
    """The bytes of each instruction with its operands; 0 for a number that is none."""
    sizes = [0]
    for shape in SHAPES[1:]:
        size = 1
        for letter in shape:
            size += 1 if letter == "b" else (2 if letter == "h" else (4 if letter == "i" else 8))
        sizes.append(size)
    return sizes


class RenderError(FormatError):
    """The template is whole, and cannot be rendered with these values. `name`: the variable that has none, or ""."""

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message, 0)
        self.name = name

    def __str__(self) -> str:
        return self.message


def too_large(at: i64) -> FormatError:
    """What a template is told that has more than fits."""
    return FormatError("the template is larger than a .dtm can be", at)
