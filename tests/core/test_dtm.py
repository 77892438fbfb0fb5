"""The compiled template: its header and sections, what its machine refuses, and mutants of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from driven.core import dtm_layout as L
from driven.core import dtm_names
from driven.core._rt import FormatError
from driven.core.dtm import Dtm
from driven.core.dtm_build import DtmBuilder
from driven.core.dtm_layout import RenderError
from driven.core.dtm_values import MISSING


def made(code: bytes, *, names: tuple[str, ...] = ("a", "b"), inputs: int = 2, strings: tuple[str, ...] = ()) -> Dtm:
    """A template of this code, with one slot for each variable and one for none."""
    builder = DtmBuilder()
    for string in strings:
        builder.string(string)
    builder.slot("text ", -1)
    for cell in range(len(names)):
        builder.slot(f"{cell}: ", cell)
    return Dtm(builder.finish(list(names), inputs, code, b"meta"))


def code(*parts: int | tuple[int, int]) -> bytes:
    """Instructions; (number, bytes) is an operand of several bytes."""
    out = bytearray()
    for part in parts:
        out += part[0].to_bytes(part[1], "little") if isinstance(part, tuple) else bytes([part])
    return bytes(out)


def test_the_numbers_of_filters_and_tests_are_their_places() -> None:
    for prefix, known in (("F_", L.FILTERS), ("T_", L.TESTS)):
        numbers = {name: number for name, number in vars(dtm_names).items() if name.startswith(prefix)}
        assert numbers == {prefix + name.upper(): number for number, name in enumerate(known)}
    assert len(L.SHAPES) == L.LAST + 1


def test_slots_alone_are_a_template() -> None:
    dtm = made(b"")
    assert dtm.names() == ["a", "b"]
    assert dtm.meta() == b"meta"
    assert dtm.render(["x", 2]) == "text 0: x1: 2"
    assert dtm.render([None, ["y"]]) == "text 0: None1: ['y']"
    assert dtm.data[5] == L.LINEAR


def test_a_literal_of_any_length_is_copied_whole() -> None:
    for size in (0, 1, 7, 8, 9, 15, 16, 255, 256, 257, 5000):
        builder = DtmBuilder()
        builder.slot("é" * size, 0)
        builder.slot("z" * size, -1)
        dtm = Dtm(builder.finish(["a"], 1, b"", b""))
        assert dtm.render(["<>"]) == "é" * size + "<>" + "z" * size


def test_equal_literals_and_strings_stand_once() -> None:
    builder = DtmBuilder()
    for _ in range(9):
        builder.slot("the same literal", -1)
        assert builder.string("s") == 0
    dtm = Dtm(builder.finish([], 0, b"", b""))
    assert dtm.data.count(b"the same literal") == 1
    assert dtm.render([]) == "the same literal" * 9


def test_every_cut_of_a_template_is_refused() -> None:
    data = made(code(L.EMIT, (0, 4), (2, 4))).data
    for end in range(len(data)):
        with pytest.raises(FormatError):
            Dtm(data[:end])
    with pytest.raises(FormatError):
        Dtm(data + b"x")


def test_a_later_version_is_refused_by_its_number() -> None:
    data = bytearray(made(b"").data)
    data[4] = 2
    with pytest.raises(FormatError, match="version 2; this release reads version 1"):
        Dtm(bytes(data))


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, 0x58, "not a compiled template"),
        (5, 2, "flags"),
        (6, 1, "flags"),
        (5, 0, "with code says that it has none"),
        (40, 200, "cut short"),
        (44, 1, "not as long"),
        (48, 1, "more variables"),
        (55, 9, "more strings"),
        (60, 3, "not as long"),
        (64, 255, "a slot that points outside"),
        (64 + 8, 3, "a variable that is not there"),
        (64 + 15, 128, "a variable that is not there"),
    ],
)
def test_a_broken_header_or_slot_is_refused(at: int, value: int, message: str) -> None:
    data = bytearray(made(b"").data)
    data[at] = value
    with pytest.raises(FormatError, match=message):
        Dtm(bytes(data))


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (code(0), "unknown instruction 0"),
        (code(L.LAST + 1), f"unknown instruction {L.LAST + 1}"),
        (code(L.PUSH, 1), "ends inside an instruction"),
        (code(L.OUT), "finds nothing on the stack"),
        (code(L.CALL, (2, 2)), "a variable that is not there"),
        (code(L.STORE, (0, 2)), "finds nothing on the stack"),
        (code(L.COPY, (0, 2), (9, 2)), "a variable that is not there"),
        (code(L.TEXT, (99, 2)), "a string that is not there"),
        (code(L.EMIT, (1, 4), (3, 4)), "slots that are not there"),
        (code(L.EMIT, (0xFFFFFFFF, 4), (0xFFFFFFFF, 4)), "slots that are not there"),
        (code(L.NEXT, (0, 4)), "a loop that is not there"),
        (code(L.LOOP, 0, 0), "a loop that is not there"),
        (code(L.CAPTURED), "ends and never began"),
        (code(L.CAPTURE), "does not end where it should"),
        (code(L.JUMP, (99, 4)), "does not end where it should"),
        (code(L.CONST, 0, L.FILTER, 99, 0), "unknown filter"),
        (code(L.CONST, 0, L.TEST, 99, 0), "unknown test"),
        (code(L.CONST, 0, L.FILTER, L.FILTERS.index("join"), 0), "cannot be gone through|number of arguments"),
        (code(L.LIST, (3, 2)), "finds nothing on the stack"),
    ],
)
def test_damaged_code_is_refused_while_it_runs(program: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        made(program).render(["x", "y"])


def test_a_program_that_never_ends_is_stopped() -> None:
    with pytest.raises(RenderError, match="does too much"):
        made(code(L.JUMP, (0, 4))).render(["x", "y"], 1000)


def test_output_and_values_are_bounded() -> None:
    loud = code(L.EMIT, (0, 4), (3, 4), L.JUMP, (0, 4))
    with pytest.raises(RenderError, match="4,194,304 bytes"):
        made(loud).render(["x" * 1_000_000, "y"])
    doubling = code(L.CALL, (0, 2), L.CALL, (0, 2), L.ADD, L.STORE, (0, 2), L.JUMP, (0, 4))
    with pytest.raises(RenderError, match="more than"):
        made(doubling).render(["x", "y"])
    nesting = code(L.CALL, (0, 2), L.LIST, (1, 2), L.STORE, (0, 2), L.JUMP, (0, 4))
    with pytest.raises(RenderError, match="lists within lists"):
        made(nesting).render(["x", "y"])
    sharing = code(L.CALL, (0, 2), L.CALL, (0, 2), L.LIST, (2, 2), L.STORE, (0, 2), L.JUMP, (0, 4))
    with pytest.raises(RenderError, match=r"lists within lists|too large"):
        made(sharing).render(["x" * 100_000, "y"])
    with pytest.raises(RenderError, match="too large"):
        made(code(L.CALL, (0, 2), L.CALL, (1, 2), L.POW, L.OUT)).render([2, 10**9])
    with pytest.raises(RenderError, match="more than"):
        made(code(L.CALL, (0, 2), L.CALL, (1, 2), L.MUL, L.OUT)).render(["x", 10**12])
    pushing = code(L.CONST, 1, L.JUMP, (0, 4))
    with pytest.raises(RenderError, match="at once"):
        made(pushing).render(["x", "y"])
    looping = code(L.CALL, (0, 2), L.FOR, L.JUMP, (0, 4))
    with pytest.raises(FormatError, match="loops within one another"):
        made(looping).render(["x", "y"])


def test_work_on_large_values_costs_fuel() -> None:
    def source(*parts: int | tuple[int, int]) -> Dtm:
        return made(code(L.CALL, (0, 2), L.CALL, (1, 2), *parts, L.OUT))

    many = [str(i) for i in range(90_000)]
    with pytest.raises(RenderError, match="does too much"):
        source(L.SELECT, L.TESTS.index("in"), 1, 0).render([many, many])
    with pytest.raises(RenderError, match="`trim` of more than"):
        source(L.FILTER, L.FILTERS.index("trim"), 1).render(["z" * 4_000_000, "".join(map(chr, range(50_000)))])
    assert source(L.FILTER, L.FILTERS.index("trim"), 1).render(["abz", "b" * 1_000_000 + "a"]) == "z"
    with pytest.raises(RenderError, match="too large"):
        source(L.RANGE, 2).render([1 << 80, (1 << 80) + 5])
    with pytest.raises(RenderError, match="more than"):
        made(code(L.CALL, (0, 2)) * 200 + code(L.CONCAT, (200, 2), L.OUT)).render(["x" * 4_000_000, ""])


def test_what_no_template_can_have_is_refused_as_a_value() -> None:
    dtm = made(b"")
    for value in (b"bytes", {"a": 1}, object(), [object()], {1}, 1 << 5000, "x" * (L.MAX_OUTPUT + 1)):
        with pytest.raises(RenderError):
            dtm.render([value, "y"])
    with pytest.raises(RenderError, match="1 values for 2"):
        dtm.render(["x"])
    with pytest.raises(RenderError, match="half of a character"):
        dtm.render(["\ud800", "y"])


def test_a_variable_without_a_value_is_named() -> None:
    with pytest.raises(RenderError) as caught:
        made(b"").render(["x", MISSING])
    assert caught.value.name == "b"
    assert str(caught.value) == "`b` is undefined"


def test_literals_that_are_not_utf8_are_refused() -> None:
    dtm = made(b"")
    data = bytearray(dtm.data)
    data[data.index(b"text ")] = 0xFF
    with pytest.raises(FormatError, match="UTF-8"):
        Dtm(bytes(data)).render(["x", "y"])


def test_mutants_give_a_text_or_a_format_error(tmp_path: Path) -> None:
    """The loop that `hostile_dtm.py` runs for longer."""
    script = Path(__file__).with_name("hostile_dtm.py")
    done = subprocess.run(
        [sys.executable, str(script), "4000", "7"], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "4,000 templates" in done.stdout and "nothing but FormatError" in done.stdout
