"""The stack machine for `when:` conditions. Compiled with the core, because a `.drv` carries programs from strangers.

A program is bytes and needs nothing beside it: its own strings, the calls it makes, its code. The machine calls
nothing itself: `calls` names every call, the caller finds their values, `run` gets them as whole numbers (truth is 1
and 0). Jumps only go forward, so that a program ends; fuel, stack and size are bounded all the same.

    u8 version = 1 | u16 calls | u16 strings | per call: u8 function, u16 string | per string: u16 length, UTF-8 | code

All numbers are little-endian. An operand follows its instruction: `PUSH` i64, `CALL` u16 (which call), `TEXT` u16
(which string; equal strings are one, so that numbers compare as texts do), `AND` and `OR` u16 (how far to jump ahead,
keeping the top of the stack, when it is 0 or not 0; otherwise the top is dropped).
"""

from __future__ import annotations

from driven.core._rt import FormatError, i64

VERSION = 1
MAX_PROGRAM = 65_535  # bytes
MAX_STACK = 64
MAX_CALLS = 256

PUSH, CALL, TEXT = 1, 2, 3
NOT, TRUTH = 4, 5
EQ, NE, LT, LE, GT, GE = 6, 7, 8, 9, 10, 11
AND, OR = 12, 13


def pack(calls: list[tuple[int, int]], strings: list[str], code: bytes) -> bytes:
    """A program from its parts; a call is (function, which string). FormatError when it is too large."""
    parts = [bytes([VERSION]), _u16(len(calls)), _u16(len(strings))]
    for function, text in calls:
        parts.append(bytes([function]))
        parts.append(_u16(text))
    for string in strings:
        data = string.encode()
        parts.append(_u16(len(data)))
        parts.append(data)
    parts.append(code)
    program = b"".join(parts)
    if len(program) > MAX_PROGRAM:
        raise FormatError(f"the condition takes more than {MAX_PROGRAM} bytes", 0)
    return program


def calls(program: bytes) -> list[tuple[int, str]]:
    """The function and the argument of every call, in the order in which `run` wants their values."""
    strings: list[str] = []
    at = _strings_start(program)
    for _ in range(_word(program, 3)):
        start = at + 2
        at = start + _word(program, at)
        if at > len(program):
            raise FormatError("a string runs past the end of the condition", start)
        try:
            strings.append(program[start:at].decode())
        except UnicodeDecodeError:
            raise FormatError("a string of the condition is not UTF-8", start) from None
    found: list[tuple[int, str]] = []
    for i in range(_word(program, 1)):
        place = 5 + 3 * i
        which = _word(program, place + 1)
        if which >= len(strings):
            raise FormatError("a call names a string that is not there", place)
        found.append((program[place], strings[which]))
    return found


def validate(program: bytes) -> None:
    """FormatError unless `run` can do every instruction: operands in range, the stack never empty, one value left."""
    arity = len(calls(program))
    texts = _word(program, 3)
    start: i64 = _code_start(program)
    end: i64 = len(program)
    landing: dict[int, int] = {}  # where a jump lands -> how high the stack must stand there
    depth: i64 = 0
    at: i64 = start
    while at < end:
        if landing.pop(at, depth) != depth:
            raise FormatError("a jump lands where the stack has another height", at)
        op = program[at]
        size: i64 = _size(op)
        if size == 0:
            raise FormatError(f"unknown instruction {op}", at)
        if size > end - at:
            raise FormatError("the condition ends inside an instruction", at)
        needs: i64 = 0 if op <= TEXT else (2 if EQ <= op <= GE else 1)
        if depth < needs:
            raise FormatError("an instruction finds nothing on the stack", at)
        if op == CALL and _word(program, at + 1) >= arity:
            raise FormatError("a call that is not there", at)
        if op == TEXT and _word(program, at + 1) >= texts:
            raise FormatError("a string that is not there", at)
        if op in (AND, OR):
            target = at + size + _word(program, at + 1)
            if target > end or landing.get(target, depth) != depth:
                raise FormatError("a jump out of the condition", at)
            landing[target] = depth
        if op <= TEXT:
            depth += 1
        elif needs == 2 or op in (AND, OR):
            depth -= 1
        if depth > MAX_STACK:
            raise FormatError(f"more than {MAX_STACK} values on the stack", at)
        at += size
    if landing.pop(end, depth) != depth or depth != 1:
        raise FormatError("the condition does not leave exactly one value", end)
    if landing:
        raise FormatError("a jump into the middle of an instruction", start)


def run(program: bytes, values: list[int], fuel: int = 10_000) -> int:
    """Run a program with the values of its calls; 0 is false. Each instruction costs 1 of `fuel`.

    Any bytes give a number or a FormatError, whether or not `validate` would accept them.
    """
    stack: list[int] = []
    at: i64 = _code_start(program)
    end: i64 = len(program)
    left: i64 = fuel
    while at < end:
        left -= 1
        if left < 0:
            raise FormatError("the condition ran out of fuel", at)
        op = program[at]
        size: i64 = _size(op)
        if size == 0 or size > end - at:
            raise FormatError(f"unknown or incomplete instruction {op}", at)
        if op <= TEXT:
            if len(stack) >= MAX_STACK:
                raise FormatError(f"more than {MAX_STACK} values on the stack", at)
            if op == PUSH:
                stack.append(int.from_bytes(program[at + 1 : at + 9], "little", signed=True))
            elif op == TEXT:
                stack.append(_word(program, at + 1))
            else:
                which = _word(program, at + 1)
                if which >= len(values):
                    raise FormatError("a call that has no value", at)
                stack.append(values[which])
            at += size
            continue
        if len(stack) < (2 if EQ <= op <= GE else 1):
            raise FormatError("an instruction finds nothing on the stack", at)
        top = stack[-1]
        if op in (AND, OR):
            if (top == 0) == (op == AND):
                at += _word(program, at + 1)
            else:
                stack.pop()
        elif op in (NOT, TRUTH):
            stack[-1] = 1 if (top == 0) == (op == NOT) else 0
        else:
            stack.pop()
            stack[-1] = 1 if _compare(op, stack[-1], top) else 0
        at += size
    if at != end or len(stack) != 1:
        raise FormatError("the condition does not leave exactly one value", end)
    return stack[0]


def _compare(op: int, left: int, right: int) -> bool:
    if op == EQ:
        return left == right
    if op == NE:
        return left != right
    if op == LT:
        return left < right
    if op == LE:
        return left <= right
    if op == GT:
        return left > right
    return left >= right


def _size(op: int) -> int:
    """The bytes of an instruction with its operand, 0 for one that does not exist."""
    if op == PUSH:
        return 9
    if op in (CALL, TEXT, AND, OR):
        return 3
    return 1 if NOT <= op <= GE else 0


def _strings_start(program: bytes) -> int:
    if len(program) > MAX_PROGRAM:
        raise FormatError(f"the condition takes more than {MAX_PROGRAM} bytes", 0)
    if len(program) < 5:
        raise FormatError("the condition is cut short", 0)
    if program[0] != VERSION:
        raise FormatError(f"a condition of version {program[0]}; this release reads version {VERSION}", 0)
    count = _word(program, 1)
    if count > MAX_CALLS:
        raise FormatError(f"the condition makes more than {MAX_CALLS} calls", 1)
    return 5 + 3 * count


def _code_start(program: bytes) -> int:
    at: i64 = _strings_start(program)
    for _ in range(_word(program, 3)):
        at += 2 + _word(program, at)
    if at > len(program):
        raise FormatError("the condition is cut short", len(program))
    return at


def _word(program: bytes, at: i64) -> int:
    if at > len(program) - 2:
        raise FormatError("the condition is cut short", len(program))
    return program[at] | program[at + 1] << 8


def _u16(value: int) -> bytes:
    if not 0 <= value <= 65_535:
        raise FormatError(f"the condition takes more than {MAX_PROGRAM} bytes", 0)
    return bytes([value & 255, value >> 8])
