"""The stack machine: what programs do, and that any bytes are a number or a FormatError, bounded in every way."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from driven.core import machine as m
from driven.core._rt import FormatError


def push(number: int) -> bytes:
    return bytes([m.PUSH]) + number.to_bytes(8, "little", signed=True)


def word(op: int, operand: int) -> bytes:
    return bytes([op]) + operand.to_bytes(2, "little")


def program(code: bytes, calls: list[tuple[int, int]] | None = None, strings: list[str] | None = None) -> bytes:
    return m.pack(calls or [], strings or [], code)


def test_calls_and_strings_travel_with_the_program() -> None:
    made = program(word(m.CALL, 1), [(0, 0), (1, 1)], ["python", "**/é.tf"])
    m.validate(made)
    assert m.calls(made) == [(0, "python"), (1, "**/é.tf")]
    assert m.run(made, [1, 7]) == 7
    with pytest.raises(FormatError):
        m.run(made, [1])


@pytest.mark.parametrize(
    ("sign", "truth"),
    [(m.EQ, (0, 1, 0)), (m.NE, (1, 0, 1)), (m.LT, (1, 0, 0)), (m.LE, (1, 1, 0)), (m.GT, (0, 0, 1)), (m.GE, (0, 1, 1))],
)
def test_comparisons(sign: int, truth: tuple[int, ...]) -> None:
    low = -(2**63)
    got = [m.run(program(push(left) + push(0) + bytes([sign])), []) for left in (low, 0, 2**63 - 1)]
    assert tuple(got) == truth


def test_and_or_keep_the_deciding_value() -> None:
    for op, left, right, want in [(m.AND, 0, 5, 0), (m.AND, 3, 5, 5), (m.OR, 3, 5, 3), (m.OR, 0, 5, 5)]:
        made = program(push(left) + word(op, 9) + push(right))
        m.validate(made)
        assert m.run(made, []) == want
    assert m.run(program(push(7) + bytes([m.TRUTH])), []) == 1
    assert m.run(program(push(7) + bytes([m.NOT])), []) == 0


def test_fuel_is_spent_by_the_instruction() -> None:
    made = program(push(1) + bytes([m.NOT]) * 99)
    assert m.run(made, [], 100) == 0
    with pytest.raises(FormatError, match="fuel"):
        m.run(made, [], 99)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (b"", "exactly one"), (push(1) + push(1), "exactly one"), (bytes([m.NOT]), "nothing on the stack"),
        (push(1) + bytes([m.EQ]), "nothing on the stack"), (push(1)[:-1], "instruction"), (b"\x00", "instruction 0"),
        (b"\xff", "instruction 255"), (word(m.CALL, 0), "call"), (push(1) * 65, "values on the stack"),
        (push(1) + word(m.AND, 60_000), "jump out|exactly one"),
        (push(1) + word(m.OR, 10) + push(1), "jump out|exactly one"),
    ],
)  # fmt: skip
def test_broken_code_is_refused_by_both(code: bytes, reason: str) -> None:
    made = program(code)
    with pytest.raises(FormatError, match=reason):
        m.validate(made)
    with pytest.raises(FormatError, match=reason):
        m.run(made, [])


def test_what_only_the_validator_sees() -> None:
    for code, reason in (
        (word(m.TEXT, 0), "string"),  # a number to `run`, whose numbers stand for strings
        (push(1) + word(m.OR, 1) + push(1), "middle"),
        (push(0) + word(m.OR, 18) + push(1) + push(1) + bytes([m.EQ]), "height"),
    ):
        with pytest.raises(FormatError, match=reason):
            m.validate(program(code))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cut short"), (b"\x01\0\0\0", "cut short"), (b"\x02\0\0\0\0", "version 2"),
        (b"\x01\x01\0\0\0", "cut short|string"), (b"\x01\0\0\x01\0", "cut short"),
        (b"\x01\xff\xff\0\0", "256 calls"), (b"\x01\0\0\x01\0\x05\0ab", "cut short|past the end"),
        (b"\x01\0\0\x01\0\x01\0\xff", "UTF-8"), (b"\x01\x01\0\0\0\0\0\0", "string"), (b"\x01" * 65_536, "65535"),
    ],
)  # fmt: skip
def test_broken_heads_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        m.validate(data)


def test_pack_refuses_what_does_not_fit() -> None:
    with pytest.raises(FormatError):
        program(b"", [], ["x" * 65_536])
    with pytest.raises(FormatError):
        program(b"\0" * 65_536)
    with pytest.raises(FormatError):
        program(b"", [(0, 1 << 16)])


codes = st.lists(
    st.one_of(
        st.integers(-3, 3).map(push),
        st.sampled_from([m.NOT, m.TRUTH, m.EQ, m.NE, m.LT, m.LE, m.GT, m.GE]).map(lambda op: bytes([op])),
        st.tuples(st.sampled_from([m.CALL, m.TEXT]), st.integers(0, 2)).map(lambda pair: word(*pair)),
        st.tuples(st.sampled_from([m.AND, m.OR]), st.integers(0, 20)).map(lambda pair: word(*pair)),
    ),
    max_size=12,
).map(b"".join)


@settings(max_examples=1000)
@given(codes, st.lists(st.integers(-2, 2), min_size=2, max_size=2))
@example(push(1) + word(m.AND, 9) + push(2), [0, 0])
def test_what_the_validator_accepts_always_runs(code: bytes, values: list[int]) -> None:
    made = program(code, [(0, 0), (1, 1)], ["a", "b"])
    try:
        m.validate(made)
    except FormatError:
        with contextlib.suppress(FormatError):
            m.run(made, values)
        return
    m.run(made, values)


@settings(max_examples=1000)
@given(st.binary(max_size=80).map(lambda data: b"\x01" + data), st.lists(st.integers(0, 3), max_size=3))
def test_any_bytes_are_a_number_or_a_format_error(data: bytes, values: list[int]) -> None:
    for work in (lambda: m.validate(data), lambda: m.calls(data), lambda: m.run(data, values)):
        try:
            work()
        except FormatError as error:
            assert 0 <= error.offset <= len(data)


def test_the_largest_program_ends_at_once() -> None:
    code = push(1) + bytes([m.NOT]) * 65_000
    began = time.process_time()
    m.validate(program(code))
    with pytest.raises(FormatError, match="fuel"):
        m.run(program(code), [])
    assert m.run(program(code), [], 1 << 40) == 1
    assert time.process_time() - began < 2
