"""Three-way merge of texts, line by line: two edits of one base become one text, or say where they overlap.

The chunks are diff3's (Khanna, Kunal, Pierce: A Formal Investigation of Diff3, 2007) over matches that lines which are
unique on both sides anchor and `difflib.SequenceMatcher` of the standard library completes. No package is used: of
those for Python, `merge3` is GPL, which we cannot ship, and `three-merge` has had no release since 2020.

As in git and diff3 an edit of the line right above or below another one is an overlap: there is no common line between
them to tell that they are two things. What both sides changed alike is no overlap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Literal

from driven.frozen import field, frozen, record
from driven.model.plan import Overlap

Take = Literal["none", "theirs", "ours", "base"]
"""Which side an overlap gives: none (it is one), the hand edit's (`--adopt`), the rule's (`--force`), or neither's."""

_BLANK = "\ufeff\r\n"
_WORK = 4_000_000  # steps of one comparison, about half a second; what is left then counts as changed whole
_Match = tuple[int, int, int]  # from where on, in one and in the other text, how many lines are the same


@frozen
class Merged:
    """The text that two edits give. Where they overlap it has ours, and is not to be used."""

    text: str
    overlaps: tuple[Overlap, ...] = ()


def merge_text(
    base: str, ours: str, theirs: str, *, same: Callable[[str], str] | None = None, take: Take = "none"
) -> Merged:
    """`base` with the changes of `ours` and of `theirs`. Linear in lines for texts of any shape; never raises.

    Lines are compared without their line end and through `same`, which maps what counts as one line to one text. Where
    nothing changed, and where both changed alike, our bytes stay; what comes from `theirs` gets our line end. The blank
    lines (and the BOM) at either end of the text, the final line end among them, are one thing each: theirs when only
    they changed it, else ours; never an overlap.
    """
    if theirs in (base, ours):
        return Merged(text=ours)
    sides = _Sides(_Text(base, same), _Text(ours, same), _Text(theirs, same), take)
    return sides.merge()


class _Text:
    """A text in parts: the blank lines above, the lines without their ends (and with `same`: `keys`), those below."""

    def __init__(self, text: str, same: Callable[[str], str] | None) -> None:
        core = text.lstrip(_BLANK)
        self.head = text[: len(text) - len(core)]
        whole = len(core)
        core = core.rstrip("\r\n")
        self.tail = text[len(text) - (whole - len(core)) :]
        self.ends: list[str] | None = None  # None: all are LF
        self.newline = "\n" if "\n" in text else ""
        if "\r" in text:
            found = _lines(text)
            self.newline = found[0][len(found[0].rstrip("\r\n")) :]
            self.lines = _lines(core)
            for at, line in enumerate(self.lines):
                self.lines[at] = line.rstrip("\r\n")
            self.ends = [line[len(bare) :] for line, bare in zip(_lines(core), self.lines, strict=True)]
        else:
            self.lines = core.split("\n") if core else []
        self.keys = [same(line) for line in self.lines] if same else self.lines

    @property
    def line(self) -> int:
        """The number of the first line that is not blank."""
        return _unix(self.head).count("\n") + 1

    def end(self, at: int) -> str:
        """The line end of a line, `""` for the last one."""
        return self.ends[at] if self.ends else "\n" if at + 1 < len(self.lines) else ""


def _lines(text: str) -> list[str]:
    """Lines with their ends: LF, CRLF or a lone CR, and nothing else that Python takes for one."""
    from io import StringIO

    return list(StringIO(text, newline=""))


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@record
class _Sides:
    """One merge."""

    base: _Text
    ours: _Text
    theirs: _Text
    take: Take
    lines: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    overlaps: list[Overlap] = field(default_factory=list)

    def merge(self) -> Merged:
        base, ours, theirs = self.base, self.ours, self.theirs
        b = o = t = 0
        for same, ours_at, theirs_at, length in self._agreed():
            self._chunk((b, same), (o, ours_at), (t, theirs_at))
            b, o, t = same + length, ours_at + length, theirs_at + length
            self._from_ours(ours_at, o)
        newline = ours.newline or base.newline or theirs.newline or "\n"
        ends = [end or newline for end in self.ends]
        ends[-1:] = [""] if ends else []
        text = "".join([part for pair in zip(self.lines, ends, strict=True) for part in pair])
        head = self._edge(base.head, ours.head, theirs.head, newline)
        tail = self._edge(base.tail, ours.tail, theirs.tail, newline)
        return Merged(text=head + text + tail, overlaps=tuple(self.overlaps))

    def _agreed(self) -> list[tuple[int, int, int, int]]:
        """The runs of lines that all three have: where in base, ours and theirs, and how many. The end is one of 0."""
        one, two = matches(self.base.keys, self.ours.keys), matches(self.base.keys, self.theirs.keys)
        found: list[tuple[int, int, int, int]] = []
        i = j = 0
        while i < len(one) and j < len(two):
            (a, ours_at, n), (b, theirs_at, m) = one[i], two[j]
            start, stop = max(a, b), min(a + n, b + m)
            if start < stop:
                found.append((start, ours_at + start - a, theirs_at + start - b, stop - start))
            if a + n <= b + m:
                i += 1
            else:
                j += 1
        found.append((len(self.base.keys), len(self.ours.keys), len(self.theirs.keys), 0))
        return found

    def _chunk(self, base: tuple[int, int], ours: tuple[int, int], theirs: tuple[int, int]) -> None:
        """What stands between two runs that all have: one side's, or an overlap."""
        b, o, t = self.base.keys[slice(*base)], self.ours.keys[slice(*ours)], self.theirs.keys[slice(*theirs)]
        winner: Take = "ours" if t in (b, o) else "theirs" if o == b else _contained(b, o, t)
        if winner == "none":
            winner = self.take
            if winner == "none":
                self.overlaps.append(
                    Overlap(
                        field="body",
                        ours=_shown(self.ours, ours),
                        theirs=_shown(self.theirs, theirs),
                        base=_shown(self.base, base),
                        line=self.ours.line + ours[0],
                        their_line=self.theirs.line + theirs[0],
                    )
                )
        if winner in ("theirs", "base"):
            text, (start, stop) = (self.theirs, theirs) if winner == "theirs" else (self.base, base)
            self.lines += text.lines[start:stop]
            self.ends += [""] * (stop - start)
        else:
            self._from_ours(*ours)

    def _from_ours(self, start: int, stop: int) -> None:
        self.lines += self.ours.lines[start:stop]
        self.ends += self.ours.ends[start:stop] if self.ours.ends else ["\n"] * (stop - start)

    def _edge(self, base: str, ours: str, theirs: str, newline: str) -> str:
        """The blank lines at one end of the text."""
        b, o, t = _unix(base), _unix(ours), _unix(theirs)
        if t in (b, o) or (o != b and self.take != "theirs"):
            return ours
        return t.replace("\n", newline)


def _shown(text: _Text, where: tuple[int, int]) -> str:
    return "".join([line + "\n" for line in text.lines[slice(*where)]])


def _contained(base: list[str], ours: list[str], theirs: list[str]) -> Take:
    """Two edits that share a part (somebody made one change in two editors, and more in one of them): the side that has
    all of the other's, or none."""
    head = 0
    while head < min(len(ours), len(theirs)) and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < min(len(ours), len(theirs)) - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    if head + tail == 0:
        return "none"
    mine, other = ours[head : len(ours) - tail], theirs[head : len(theirs) - tail]
    untouched = _stands_in(mine, base), _stands_in(other, base)
    if untouched[0] != untouched[1]:
        # What the one without a text of its own deleted must be gone on the other side too.
        side, more = (ours, theirs) if untouched[0] else (theirs, ours)
        if not (set(base) - set(side)).intersection(more):
            return "theirs" if untouched[0] else "ours"
        return "none"
    if not mine and not set(base).intersection(other):
        return "theirs"
    if not other and not set(base).intersection(mine):
        return "ours"
    return "none"


def _stands_in(part: list[str], whole: list[str]) -> bool:
    """Whether a run of `whole` is `part`, which has a line at least."""
    last = len(whole) - len(part) + 1
    if not part or last > 64:  # a long one is not looked for: then it is an overlap, which is right as well
        return False
    return any(whole[at : at + len(part)] == part for at in range(last))


def matches(a: Sequence[str], b: Sequence[str]) -> list[_Match]:
    """The runs of lines that `a` and `b` share, in order: (from where in `a`, in `b`, how many). Bounded in time: of
    hostile texts it finds fewer."""
    found: list[_Match] = []
    work = _WORK
    todo = [(0, len(a), 0, len(b))]
    while todo:
        a1, a2, b1, b2 = todo.pop()
        head = 0
        while head < min(a2 - a1, b2 - b1) and a[a1 + head] == b[b1 + head]:
            head += 1
        if head:
            found.append((a1, b1, head))
            a1, b1 = a1 + head, b1 + head
        tail = 0
        while tail < min(a2 - a1, b2 - b1) and a[a2 - 1 - tail] == b[b2 - 1 - tail]:
            tail += 1
        if tail:
            a2, b2 = a2 - tail, b2 - tail
            found.append((a2, b2, tail))
        if a1 == a2 or b1 == b2:
            continue
        x, y = a[a1:a2], b[b1:b2]
        work -= len(x) + len(y)
        anchors = _anchors(x, y) if work > 0 else []
        if not anchors:
            parts, cost = _compare(x, y, work)
            found += [(a1 + i, b1 + j, n) for i, j, n in parts]
            work -= cost
            continue
        i = j = 0
        for at, other in anchors:
            found.append((a1 + at, b1 + other, 1))
            todo.append((a1 + i, a1 + at, b1 + j, b1 + other))
            i, j = at + 1, other + 1
        todo.append((a1 + i, a2, b1 + j, b2))
    return _joined(found)


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """The longest sequence of lines that stand once in `a` and once in `b`, in the order of both."""
    places: dict[str, int] = {}
    for at, line in enumerate(b):
        places[line] = -1 if line in places else at
    once: dict[str, int] = {}
    for at, line in enumerate(a):
        if places.get(line, -1) >= 0:
            once[line] = -1 if line in once else at
    pairs = [(at, places[line]) for line, at in once.items() if at >= 0]  # in the order of `a`
    ends: list[int] = []  # the smallest place in `b` that a sequence of each length ends at
    last: list[int] = []  # which pair that is
    before: list[int] = []
    for number, (_, other) in enumerate(pairs):
        length = bisect_left(ends, other)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [other]
        last[length : length + 1] = [number]
    chain: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _compare(a: Sequence[str], b: Sequence[str], work: int) -> tuple[list[_Match], int]:
    """The matches of two runs without an anchor, and what they cost at most.

    SequenceMatcher looks at each pair of equal lines once for each match that it finds, and that is not bounded by its
    `autojunk`. Where it could take longer than there is `work` left, lines are compared one to one.
    """
    places: dict[str, int] = {}
    for line in b:
        places[line] = places.get(line, 0) + 1
    pairs = sum([places.get(line, 0) for line in a])
    if not pairs:
        return [], 0
    cost = (pairs + len(a)) * min(len(a), len(b))
    if cost <= work:
        from difflib import SequenceMatcher

        blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        return [(block.a, block.b, block.size) for block in blocks if block.size], cost
    if len(a) != len(b):
        return [], 0
    return [(at, at, 1) for at, (x, y) in enumerate(zip(a, b, strict=True)) if x == y], len(a)


def _joined(found: list[_Match]) -> list[_Match]:
    """In order, and runs that touch as one."""
    found.sort()
    out: list[_Match] = []
    for a, b, length in found:
        if out and out[-1][0] + out[-1][2] == a and out[-1][1] + out[-1][2] == b:
            out[-1] = (out[-1][0], out[-1][1], out[-1][2] + length)
        else:
            out.append((a, b, length))
    return out
