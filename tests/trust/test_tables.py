"""The tables of hidden characters say of every character that this Python knows what its own database says."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

from driven.trust import make_tables
from driven.trust.hidden import KINDS, UNICODE, ranges

DRAWN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13456)}
DIRECTIONS = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
NEWER = tuple(map(int, unicodedata.unidata_version.split(".")[:2])) > tuple(map(int, UNICODE.split(".")))


def test_every_assigned_character() -> None:
    known = ranges()
    odd = []
    for code in range(0x110000):
        character = chr(code)
        category = unicodedata.category(character)
        if category in ("Cn", "Cs"):
            continue
        kind = known.kind(character)
        if category == "Cf":
            right = kind == "" if code in DRAWN else kind in ("TAG", "BIDI", "FORMAT")
        elif category == "Co":
            right = kind == "PRIVATE"
        elif category in ("Zl", "Zp"):
            right = kind == "SEPARATOR"
        elif kind in ("VARIATION", "FORMAT"):
            right = category == "Mn"
        elif kind == "UNASSIGNED":
            right = NEWER
        else:
            right = kind == "" or (kind == "BLANK" and category in ("Lo", "So"))
        if not right:
            odd.append((f"{code:04X}", category, kind))
    assert odd == []


def test_every_direction() -> None:
    known = ranges()
    found = {chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in DIRECTIONS}
    assert len(found) == 9
    assert {known.kind(character) for character in found} == {"BIDI"}


def test_a_code_point_has_one_kind() -> None:
    from driven.trust import unicode_tables

    seen: set[int] = set()
    for kind in KINDS:
        for word in getattr(unicode_tables, kind).split():
            first, _, last = word.partition("-")
            points = set(range(int(first, 16), int(last or first, 16) + 1))
            assert not points & seen, kind
            seen |= points


def test_the_file_is_what_the_generator_writes(tmp_path: Path) -> None:
    copy = tmp_path / "make_tables.py"
    copy.write_text(Path(make_tables.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, str(copy)], check=True)
    written = (tmp_path / "unicode_tables.py").read_text(encoding="utf-8").split("\n", 1)[1]
    assert (
        written
        == (Path(make_tables.__file__).parent / "unicode_tables.py").read_text(encoding="utf-8").split("\n", 1)[1]
    )
