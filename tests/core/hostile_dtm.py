"""Mutants of compiled templates through opening and rendering: each gives a text or a FormatError, nothing else.

    python tests/core/hostile_dtm.py [TEMPLATES] [SEED]        (200000, 1)

Prints the rate. A crash or another exception ends it with status 1 and the template.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

from driven.core import dtm_layout as L
from driven.core._rt import FormatError
from driven.core.dtm import Dtm
from driven.core.dtm_values import MISSING
from driven.errors import DrivenError
from driven.fusion.compiling import compile_template
from driven.fusion.dtm_file import open_dtm, render, sealed

FUEL = 3_000
SOURCES = (
    "# {{ a }}\n{{ b }} and {{ a }}, é",
    "{% if a %}x{{ b }}{% elif b == 'y' or not c %}y{% else %}z{% endif %}",
    "{% for x in c %}{{ loop.index }}{{ x }}{{ ', ' if not loop.last }}{% else %}-{% endfor %}{{ c | join(b) }}",
    "{% for x, y in [[a, 1], [b, 2]] if y < 2 %}{{ x ~ y }}{{ loop.cycle(1, 2) }}{{ loop.previtem }}{% endfor %}",
    "{% set t %}{{ a | upper }}{% endset %}{{ t | replace('L', b) | indent(2, true) }}{{ 1 < c | length < 4 }}",
    "{{ (c | map('upper') | list)[0] }}{{ c[1:] | sort(true) }}{{ c | select('string') | unique | list }}{{ -7 // 2 }}",
    "{% for i in range(9) %}{% for j in range(i) %}{{ i * j + 2 ** j }}{% endfor %}{% endfor %}{{ 1.5 | round }}",
    "{% filter title %}{{ a }}{% set z = [a, [b, c]] %}{{ z }}{% endfilter %}{{ c is sequence and c is not odd }}",
)
VALUES: tuple[object, ...] = (
    "hello", "", "y", "é\n ß", "x" * 5000, 0, 3, -1, 1 << 70, True, None, 2.5, ["a", "B", "a"], [1, 2, 3], [], MISSING,
    ["k"] * 300, [["a", 1], ["b", 2]], "\ud800",
)  # fmt: skip
EDGES = (0, 1, 2, 3, 15, 16, 63, 64, 255, 256, 4095, 4096, 65535, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def compiled() -> list[bytes]:
    """The templates that mutants are made of."""
    return [compile_template(source, name="hostile") for source in SOURCES]


def mutant(rnd: random.Random, data: bytearray) -> bytes:
    """`data`, hit up to four times: bytes, numbers, cuts, copies; most often in its code."""
    for _ in range(rnd.randrange(1, 5)):
        code = len(data) - int.from_bytes(data[56:60], "little")
        first = code if L.HEADER_SIZE < code < len(data) and rnd.random() < 0.6 else 40
        if len(data) <= first:
            break
        at, kind = rnd.randrange(first, len(data)), rnd.randrange(12)
        if kind < 4:
            data[at] = rnd.randrange(256)
        elif kind < 8:
            data[at] = rnd.randrange(L.LAST + 2)
        elif kind < 9:
            data[at : at + 4] = rnd.choice(EDGES).to_bytes(4, "little")
        elif kind == 9:
            at = rnd.randrange(40, 64) & ~3
            data[at : at + 4] = rnd.choice(EDGES).to_bytes(4, "little")
        elif kind == 10:
            gone = rnd.choice((1, 3, 5))
            del data[at : at + gone]
            _fit(data, rnd)
        else:
            data[at:at] = data[at : at + rnd.choice((1, 3, 5, 9))]
            _fit(data, rnd)
    return bytes(data)


def _fit(data: bytearray, rnd: random.Random) -> None:
    """Let the code end with the file again, most of the time."""
    if len(data) >= L.HEADER_SIZE and rnd.random() < 0.9:
        slots, literals, cells, strings = (int.from_bytes(data[at : at + 4], "little") for at in (40, 44, 48, 52))
        blob = L.HEADER_SIZE + slots * 16 + literals + (cells & 0xFFFF) * 4 + strings * 4
        if 4 <= blob <= len(data):
            code = blob + (int.from_bytes(data[blob - 4 : blob], "little") if strings else 0)
            if code <= len(data):
                data[56:60] = (len(data) - code).to_bytes(4, "little")


def attempt(rnd: random.Random, data: bytes) -> str:
    """Open and render; what became of it."""
    try:
        dtm = Dtm(data)
    except FormatError as error:
        assert error.offset >= 0 and error.message
        return "refused"
    assert isinstance(dtm.meta(), bytes)
    found = "refused while it ran"
    for _ in range(3):
        values = [rnd.choice(VALUES) for _ in dtm.names()]
        try:
            text = dtm.render(values, FUEL)
            assert len(text) <= L.MAX_OUTPUT
            found = "rendered"
        except FormatError as error:
            assert error.offset >= 0 and error.message
    return found


def run(count: int, seed: int) -> Counter[str]:
    """Try `count` mutants; what became of how many."""
    rnd = random.Random(seed)
    sources = compiled()
    found: Counter[str] = Counter()
    for number in range(count):
        data = mutant(rnd, bytearray(rnd.choice(sources)))
        try:
            found[attempt(rnd, data)] += 1
            if number % 50 == 0:
                by_name(data)
        except BaseException:
            print(f"template {number} of seed {seed}: {data.hex()}", file=sys.stderr)
            raise
    return found


def by_name(data: bytes) -> None:
    """The layer above: nothing but errors for the user, whatever the digest says."""
    for what in (data, sealed(data)):
        try:
            render(open_dtm(what, "hostile.dtm"), {"a": "A", "b": "b", "c": ["x"]})
        except DrivenError as error:
            assert error.message and error.hint


def main(count: int, seed: int) -> None:
    """Try them and tell."""
    started = time.perf_counter()
    found = run(count, seed)
    took = time.perf_counter() - started
    build = "pure" if (sys.modules["driven.core.dtm"].__file__ or "").endswith(".py") else "compiled"
    print(
        f"{count:,} templates, {build}, seed {seed}: {count / took:,.0f} a second; {found['rendered']:,} rendered, "
        f"{found['refused']:,} refused, {found['refused while it ran']:,} refused while they ran; "
        "nothing but FormatError"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [200_000, 1][len(given) :]))
