"""What the machine of compiled templates takes from its stack and its code, checked. Compiled."""

from __future__ import annotations

from driven.core._rt import FormatError, i64
from driven.core.dtm_loops import Loop
from driven.core.dtm_values import weigh


def u16(code: bytes, at: i64) -> i64:
    """The 16 bits behind the instruction at `at`."""
    return i64(code[at + 1]) | i64(code[at + 2]) << 8


def pop(stack: list[object], at: i64) -> object:
    """The topmost value."""
    if not stack:
        raise FormatError("an instruction finds nothing on the stack", at)
    return stack.pop()


def popped(stack: list[object], count: i64, at: i64) -> list[object]:
    """The topmost values, the lowest first."""
    if count > len(stack):
        raise FormatError("an instruction finds nothing on the stack", at)
    if count == 0:
        return []
    values = stack[-count:]
    del stack[-count:]
    return values


def loop_at(loops: list[Loop], out: i64, at: i64) -> Loop:
    """The loop that is so many loops out."""
    if out >= len(loops):
        raise FormatError("a loop that is not there", at)
    return loops[len(loops) - 1 - out]


def number_of(text: str) -> object:
    """The number that a string of the template is."""
    value: object = int(text) if text.lstrip("-").isdigit() else float(text)
    weigh(value)
    return value
