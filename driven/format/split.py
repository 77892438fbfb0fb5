"""Whose lines are whose in a text that several rules share, after a person has edited it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

MAX_LINES = 20_000  # of a section; matching costs the square of it at worst


def split_shared(parts: Sequence[str], text: str, *, edited: bool = False) -> list[str] | None:
    """`text` cut into one piece per part, where it is an edited form of `parts` with a blank line between each two.

    A piece begins where its part's first line stands, moved or edited as it may be; `""` for a part that is gone. What
    was added between two parts belongs to the upper one. None when that cannot be told; with `edited`, by a person,
    also when a part stands elsewhere.
    """
    before: list[str] = []
    starts: list[int] = []
    for part in parts:
        starts.append(len(before))
        before += [*_lines(part), ""]
    now = _lines(text)
    if len(before) > MAX_LINES or len(now) > MAX_LINES:
        return None
    opcodes = SequenceMatcher(None, before, now, autojunk=len(before) > 2_000).get_opcodes()
    places: list[int] = []
    for number, start in enumerate(starts):
        place = _place(opcodes, before, now, start, starts[number + 1] if number + 1 < len(starts) else len(before))
        if place is None:
            return None
        places.append(place)
    if any(one > two for one, two in pairwise(places)) or places[0] != 0:
        return None
    ends = [*places[1:], len(now)]
    pieces = [now[start:end] for start, end in zip(places, ends, strict=True)]
    for number, piece in enumerate(pieces[:-1]):
        if piece and not piece[-1] and pieces[number + 1 :]:
            piece.pop()  # the blank line between two parts is nobody's
    there = {*now}
    for part, piece, start in zip(parts, pieces, starts, strict=True):
        if edited and part and not piece and before[start] in there:
            return None  # it was moved, not deleted
    return ["".join([line + "\n" for line in piece]) for piece in pieces]


def _lines(text: str) -> list[str]:
    """By line feeds alone: no other character that Unicode calls a line end is one here."""
    return text.removesuffix("\n").split("\n")


def _place(
    opcodes: Sequence[tuple[str, int, int, int, int]], before: list[str], now: list[str], start: int, end: int
) -> int | None:
    """Where the part at lines `start` to `end` begins now."""
    if start == 0:
        return 0
    for tag, a, b, c, d in opcodes:
        if not a <= start < b:
            continue
        if tag == "equal":
            return c + start - a
        if tag == "delete":
            return c
        found = [at for at in range(c, d) if now[at] == before[start]]
        if len(found) == 1:
            return found[0]
        if a == start:  # what stands above it is as it was
            return c
        if b >= end:  # the part is gone as a whole, with lines above it: what came instead belongs to those
            return d
        return c + start - a if b - a == d - c else None
    return None
