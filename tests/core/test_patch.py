"""Patches: what was made of two gives the second of the first, no larger than allowed; anything else is refused."""

from __future__ import annotations

import os
import random
import re
import struct
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.core._rt import FormatError
from driven.core.htip import OPS, SIZE
from driven.core.patch import (
    DELTA,
    DELTA_HEADER,
    LARGEST,
    PLAIN,
    XOR,
    XOR_BLOCK,
    XOR_HEADER,
    apply,
    delta,
    delta_apply,
    smallest,
    xor_apply,
    xor_diff,
)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hostile_patches as plain

WORDS = [b"- Log structured events with the request id.\n", b"# Errors\n\n", b"a", b"", b"\0" * 70, bytes(range(256))]
PIECES = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=100)), max_size=9)
EDGES = [0, 1, 7, 8, 9, 63, 64, 65, 71, 72, 127, 128, 129, 1000]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Two texts of common pieces, in any order, with anything put in between or cut out."""
    pieces = draw(PIECES)
    other = draw(st.permutations(pieces)) if draw(st.booleans()) else list(pieces)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(other)))
        other[at : at + draw(st.integers(0, 2))] = draw(st.lists(st.binary(max_size=40), max_size=2))
    new = bytearray(b"".join(other))
    for _ in range(draw(st.integers(0, 3))):
        if new:
            new[draw(st.integers(0, len(new) - 1))] ^= draw(st.integers(1, 255))
    return b"".join(pieces), bytes(new)


@settings(max_examples=150)
@given(pairs())
def test_whatever_is_chosen_gives_the_new_of_the_old(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    kind, patch = smallest(old, new)
    assert apply(kind, old, patch, len(new)) == new
    assert len(patch) <= len(new) and (kind != PLAIN or patch == new)
    sizes = {PLAIN: len(new), DELTA: len(delta(old, new))}
    if len(old) == len(new):
        sizes[XOR] = len(xor_diff(old, new))
    assert len(patch) == min(sizes.values())


@settings(max_examples=150)
@given(pairs())
def test_copy_and_add(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    patch = delta(old, new)
    assert struct.unpack_from("<BBHII", patch) == (1, DELTA, 0, len(old), len(new))
    assert delta_apply(old, patch, len(new)) == plain.plain_delta(old, patch, len(new)) == new
    assert patch == delta(old, new)
    assert len(patch) <= DELTA_HEADER + len(new) + 5, "what has nothing in common is one ADD"


@settings(max_examples=150)
@given(pairs(), st.booleans())
def test_xor_of_blocks(pair: tuple[bytes, bytes], shorter: bool) -> None:
    old, new = pair
    size = min(map(len, pair)) if shorter else max(map(len, pair))
    old, new = old[:size].ljust(size, b"x"), new[:size].ljust(size, b"x")
    patch = xor_diff(old, new)
    assert struct.unpack_from("<BBHI", patch) == (1, XOR, 0, size)
    assert xor_apply(old, patch) == plain.plain_xor(old, patch) == new
    assert xor_apply(new, patch) == old, "XOR goes both ways"
    starts = [at for at in range(0, size, XOR_BLOCK) if old[at : at + XOR_BLOCK] != new[at : at + XOR_BLOCK]]
    assert len(patch) == XOR_HEADER + sum(4 + len(old[at : at + XOR_BLOCK]) for at in starts)


@pytest.mark.parametrize("size", EDGES)
def test_a_change_of_any_byte_at_every_length(size: int) -> None:
    old = bytes(i * 7 & 255 for i in range(size))
    assert xor_diff(old, old) == struct.pack("<BBHI", 1, XOR, 0, size)
    assert smallest(old, old) == ((XOR, xor_diff(old, old)) if size > XOR_HEADER else (PLAIN, old))
    for at in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
        for new in (
            old[:at] + bytes([old[at] ^ 128]) + old[at + 1 :],
            old[:at] + old[at + 1 :],
            old[:at] + b"\xff new" + old[at:],
        ):
            assert delta_apply(old, delta(old, new), len(new)) == new
            if len(new) == size:
                assert xor_apply(old, xor_diff(old, new)) == new


def test_sizes_of_what_people_do() -> None:
    """The edits of compiled-core.md 3, on 100 KB that nothing repeats in."""
    rnd = random.Random(5)
    rules = [rnd.randbytes(500) for _ in range(200)]
    old = b"".join(rules)
    extra = rnd.randbytes(300)
    front, gone = extra + old, b"".join(rules[:90] + rules[91:])
    moved, grown = (
        b"".join(reversed(rules)),
        b"".join(rule + extra[:30] if i < 10 else rule for i, rule in enumerate(rules)),
    )
    words = bytearray(old)
    for at in range(500, 100_000, 10_000):
        words[at : at + 6] = b"banana"
    most = {front: 300 + 24, gone: 24, moved: 200 * 7, grown: 10 * 40 + 24, bytes(words): 10 * 14 + 24}
    for new, bound in most.items():
        kind, patch = smallest(old, new)
        assert kind == DELTA and len(patch) <= bound, (len(new), len(patch), bound)
        assert apply(kind, old, patch, len(new)) == new
    assert smallest(old, rnd.randbytes(len(old)))[0] == PLAIN
    for at in range(0, 100_000, 1000):  # a byte of each thousand: where XOR is at its best, DELTA is better yet
        words[at] ^= 1
    assert smallest(old, bytes(words))[0] == DELTA < len(xor_diff(old, bytes(words)))
    blocks = bytearray(old)
    for at in range(0, 64 * 1500, 64 * 20):  # whole blocks of those that are compared
        blocks[at : at + 64] = rnd.randbytes(64)
    patch = xor_diff(old, bytes(blocks))
    assert (len(patch) - XOR_HEADER) // 68 == 75 and 1 - (len(patch) - XOR_HEADER - 75 * 4) / len(old) >= 0.95


@pytest.mark.parametrize(
    "old, new",
    [
        (bytes(200_000), bytes(200_001)),
        (b"ab" * 100_000, b"ba" * 100_000),
        (b"ab" * 100_000, b"ac" * 100_000),
        (bytes(200_000), b"\1" * 200_000),
        ((b"x" * 31 + b"y") * 6000, (b"x" * 30 + b"yz") * 6000),
    ],
)
def test_what_repeats_itself_takes_no_longer(old: bytes, new: bytes) -> None:
    began = time.perf_counter()
    kind, patch = smallest(old, new)
    assert apply(kind, old, patch, len(new)) == new
    assert time.perf_counter() - began < 20, "quadratic: hours"


def test_what_cannot_be_patched() -> None:
    with pytest.raises(ValueError, match="not 3 and 4"):
        xor_diff(b"abc", b"abcd")
    large = bytes(LARGEST + 1)  # of zeros that nobody looks at: no memory is used for them
    for work in (lambda: xor_diff(large, large), lambda: delta(large, b""), lambda: delta(b"", large)):
        with pytest.raises(ValueError, match=str(LARGEST)):
            work()
    assert smallest(large, b"new")[0] == PLAIN
    assert smallest(b"old", large)[0] == PLAIN


def xor(size: int, *blocks: tuple[int, bytes], version: int = 1, kind: int = XOR, reserved: int = 0) -> bytes:
    return struct.pack("<BBHI", version, kind, reserved, size) + b"".join(
        struct.pack("<I", number) + block for number, block in blocks
    )


FULL, TAIL = b"\1" * 64, b"\1" * 6  # blocks of a base of 134 bytes


@pytest.mark.parametrize(
    "patch, words, offset",
    [
        (b"", "inside its header", 0),
        (xor(134)[:7], "inside its header", 7),
        (xor(134, version=0), "version 0 of", 0),
        (xor(134, version=2), "version 2 of", 0),
        (xor(134, kind=DELTA), "kind 2, not 1", 1),
        (xor(134, kind=PLAIN), "kind 0, not 1", 1),
        (xor(134, reserved=1), "not zero", 2),
        (xor(134, reserved=256), "not zero", 2),
        (xor(133), "another length", 4),
        (xor(0xFFFFFFFF), "another length", 4),
        (xor(134) + b"\0", "number of a block", 8),
        (xor(134, (0, FULL)) + b"\1\0\0", "number of a block", 76),
        (xor(134, (0, FULL[1:])), "inside a block", 8),
        (xor(134, (2, TAIL[1:])), "inside a block", 8),
        (xor(134, (2, TAIL + b"\1")), "number of a block", 18),
        (xor(134, (3, FULL)), "begins at 192", 8),
        (xor(134, (0x02000000, FULL)), "begins at 2147483648", 8),
        (xor(134, (0xFFFFFFFF, FULL)), f"begins at {0xFFFFFFFF * 64}", 8),
        (xor(134, (1, FULL), (1, FULL)), "behind the one before", 76),
        (xor(134, (1, FULL), (0, FULL)), "behind the one before", 76),
        (xor(134, (2, TAIL), (2, TAIL)), "behind the one before", 18),
        (xor(134, (0, bytes(64))), "changes nothing", 8),
        (xor(134, (2, bytes(6))), "changes nothing", 8),
    ],
)
def test_bytes_that_are_no_xor(patch: bytes, words: str, offset: int) -> None:
    base = bytes(range(134))
    assert plain.plain_xor(base, patch) is None
    for work in (lambda: xor_apply(base, patch), lambda: apply(XOR, base, patch, 134)):
        with pytest.raises(FormatError, match=words) as caught:
            work()
        assert caught.value.offset == offset


def number(value: int) -> bytes:
    groups = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])


def add(text: bytes) -> bytes:
    return number(len(text) << 1) + text


def copy(length: int, jump: int) -> bytes:
    return number(length << 1 | 1) + number(jump << 1 if jump >= 0 else -jump * 2 - 1)


def moves(base: int, total: int, *operations: bytes) -> bytes:
    return struct.pack("<BBHII", 1, DELTA, 0, base, total) + b"".join(operations)


def test_operations_by_hand() -> None:
    patch = moves(10, 13, copy(3, 5), add(b"--"), copy(2, -8), copy(3, 0), copy(3, -3))
    assert delta_apply(b"0123456789", patch, 13) == b"567--01234234" == plain.plain_delta(b"0123456789", patch, 13)


@pytest.mark.parametrize(
    "patch, words, offset",
    [
        (b"", "inside its header", 0),
        (moves(10, 0)[:11], "inside its header", 11),
        (b"\2" + moves(10, 0)[1:], "version 2", 0),
        (xor(10) + bytes(4), "kind 1, not 2", 1),
        (moves(10, 0)[:2] + b"\0\1" + moves(10, 0)[4:], "not zero", 2),
        (moves(9, 0), "another length", 4),
        (moves(10, 101), "101 bytes, more than 100", 8),
        (moves(10, 0xFFFFFFFF), "4294967295 bytes, more than 100", 8),
        (moves(10, 1), "1 bytes of the result are missing", 12),
        (moves(10, 3, copy(2, 0)), "1 bytes of the result are missing", 14),
        (moves(10, 1, copy(2, 0)), "more bytes than the 1", 12),
        (moves(10, 0, add(b"a")), "more bytes than the 0", 12),
        (moves(10, 1, add(b"a"), copy(1, 0)), "more bytes than the 1", 14),
        (moves(10, 1, b"\0"), "without a byte", 12),
        (moves(10, 1, b"\1"), "without a byte", 12),
        (moves(10, 20, copy(11, 0)), "copy of 11 bytes at 0", 12),
        (moves(10, 20, copy(1, 10)), "copy of 1 bytes at 10", 12),
        (moves(10, 20, copy(1, -1)), "copy of 1 bytes at -1", 12),
        (moves(10, 20, copy(5, 0), copy(5, 1)), "copy of 5 bytes at 6", 14),
        (moves(10, 20, copy(5, 0), copy(5, -6)), "copy of 5 bytes at -1", 14),
        (moves(10, 20, number(11) + number((1 << 35) - 1)), "copy of 5 bytes at -17179869184", 12),
        (moves(10, 20, number(11) + number((1 << 35) - 2)), "copy of 5 bytes at 17179869183", 12),
        (moves(10, 20, add(b"abc")[:-1]), "3 bytes are to be added, and 2", 12),
        (moves(10, 20, b"\x80"), "inside a number", 12),
        (moves(10, 20, b"\x0b"), "inside a number", 13),
        (moves(10, 20, b"\x0b\xff\xff"), "inside a number", 13),
        (moves(10, 20, b"\xff" * 5), "too large", 12),
        (moves(10, 20, b"\x8b\0" + b"\0"), "shortest way", 12),
        (moves(10, 20, b"\x0b" + b"\x80\x80\0"), "shortest way", 13),
        (moves(10, 20, number(((1 << 34) - 1) << 1)), "more bytes than the 20", 12),
    ],
)
def test_bytes_that_are_no_copy_and_add(patch: bytes, words: str, offset: int) -> None:
    base = b"0123456789"
    assert plain.plain_delta(base, patch, 100) is None
    for work in (lambda: delta_apply(base, patch, 100), lambda: apply(DELTA, base, patch, 100)):
        with pytest.raises(FormatError, match=words) as caught:
            work()
        assert caught.value.offset == offset


def test_a_limit_is_a_limit_for_every_kind() -> None:
    old, new = bytes(200), b"\1" + bytes(199)
    for kind, patch in ((PLAIN, new), (XOR, xor_diff(old, new)), (DELTA, delta(old, new))):
        assert apply(kind, old, patch, 200) == apply(kind, old, patch, 1 << 80) == new
        for limit in (199, 0, -1, -(1 << 80)):
            with pytest.raises(FormatError, match=f"200 bytes, more than {limit}"):
                apply(kind, old, patch, limit)
    for kind in (-1, 3, 257, 1 << 70):
        with pytest.raises(FormatError, match="no kind"):
            apply(kind, old, new, 1000)


def test_a_patch_does_not_swell() -> None:
    """A megabyte copied ten thousand times: refused by the length that it announces, or when it goes past it."""
    base = bytes(1 << 20)
    again = copy(1 << 20, 0) + copy(1 << 20, -(1 << 20)) * 10_000
    for total in (0xFFFFFFFF, 3 << 20):
        patch = moves(1 << 20, total, again)
        tracemalloc.start()
        try:
            with pytest.raises(FormatError, match="more"):
                delta_apply(base, patch, 4 << 20)
            assert tracemalloc.get_traced_memory()[1] < 16 << 20
        finally:
            tracemalloc.stop()


def test_the_wrong_base_is_refused_or_gives_something_else() -> None:
    """A patch knows lengths and no digests: who sends it says what the base and the result must be."""
    old, new = b"one " * 50, b"one " * 20 + b"two " + b"one " * 29
    for patch, work in ((xor_diff(old, new), xor_apply), (delta(old, new), lambda a, b: delta_apply(a, b, 1000))):
        assert work(b"six " * 50, patch) != new
        with pytest.raises(FormatError, match="another length"):
            work(old + b"x", patch)


@settings(max_examples=150)
@given(st.binary(max_size=90), st.integers(0, 3), st.sampled_from([b"", b"x", bytes(70), bytes(134)]))
def test_any_bytes_give_a_result_or_a_format_error(data: bytes, kind: int, old: bytes) -> None:
    for patch in (data, struct.pack("<BBHI", 1, kind, 0, len(old)) + data):
        try:
            assert len(apply(kind, old, patch, 100)) <= 100
        except FormatError as error:
            assert 0 <= error.offset <= len(patch)


def test_hostile_patches(tmp_path: Path) -> None:
    """The loop that `hostile_patches.py` runs for longer."""
    script = Path(__file__).with_name("hostile_patches.py")
    done = subprocess.run(
        [sys.executable, str(script), "6000", "5"], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "6,000 inputs" in done.stdout and "nothing but FormatError" in done.stdout


PAGE = (Path(__file__).parents[2] / "docs" / "patches.md").read_text(encoding="utf-8")


def test_the_documented_numbers_are_those_of_the_code() -> None:
    for kind, name in ((PLAIN, "PLAIN"), (XOR, "XOR"), (DELTA, "DELTA")):
        assert f"| {kind} | {name} |" in PAGE
    for number_, name in enumerate(OPS, 1):
        assert f"| {number_} | {name} |" in PAGE
    assert PAGE.count(f"{LARGEST:,}") == 3
    assert f"| {XOR_HEADER}– | changed blocks" in PAGE and f"| {DELTA_HEADER}– | operations" in PAGE
    assert f"{XOR_BLOCK} bytes from {XOR_BLOCK}·*n* on" in PAGE


def test_the_documented_example_is_what_comes_out() -> None:
    cells = dict(re.findall(r"^\| ([\w ]+) \| `([^`]*)` \|$", PAGE, re.M))
    old, new = cells["base"].encode(), cells["result"].encode()
    assert xor_diff(old, new).hex(" ") == cells["as XOR"]
    assert delta(old, new).hex(" ") == cells["as DELTA"]
    said = re.search(r"COPY (\d+) bytes from 0, ADD `(.)`, COPY (\d+) bytes from (\d+) behind", PAGE)
    assert said is not None
    first, put, last, jump = said.groups()
    operations = (copy(int(first), 0), add(put.encode()), copy(int(last), int(jump)))
    assert moves(len(old), len(new), *operations) == delta(old, new)


def test_the_documented_program_runs() -> None:
    (code,) = [block.split("```")[0] for block in PAGE.split("```python\n")[1:]]
    printed: list[tuple[object, ...]] = []
    known: dict[str, object] = {"print": lambda *words: printed.append(words)}
    exec(code, known)
    size = len(known["patch"])  # type: ignore[arg-type]
    assert printed == [(OPS.index("PATCH_TEXT") + 1, DELTA, size, SIZE + size)] and f"(2, {size} bytes)" in code
