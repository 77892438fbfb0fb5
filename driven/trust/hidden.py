"""Characters that a model reads and a person does not see: runs of them in a text.

By property and not by list: what Unicode calls ignorable, a format, bidirectional, private, unassigned or a selector of
variants, and glyphs that are blank. Legitimate uses are none: emoji sequences, the three flags that are written with
tags, joiners in scripts that need them, variants of ideographs and symbols, direction marks in right-to-left lines,
Braille pictures, a byte order mark at the start. Control characters (Cc) are another matter: see the check HID07.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from driven.frozen import frozen
from driven.trust import unicode_tables as tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("TAG", "BIDI", "VARIATION", "SEPARATOR", "BLANK", "PRIVATE", "FORMAT", "UNASSIGNED")
UNICODE = "18.0"
ZWJ = "\u200d"
JOINERS = "\u200b\u200c\u200d"  # the space of no width, the non-joiner, the joiner
MOST_JOINERS = 3  # side by side: Arabic has <joiner, non-joiner, joiner> (the Unicode Standard, 9.2)
FLAG = "\U0001f3f4"
FLAG_TAGS = tuple(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f" for region in ("gbeng", "gbsct", "gbwls")
)
NEAR = 200  # code points on either side that are asked what a line or a picture is written in
MOST_SHOWN = 8  # characters of a run that are shown as escapes
# Joined to its neighbours, one of these may begin a fence, a heading, an import: taking the character out between them
# changes what the text means.
_MARKUP = frozenset("`~@#*_<>{}[]|\\-=!$+:/.")
_DRAWN_FROM_RIGHT = re.compile("[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
_BRAILLE = re.compile("[\u2801-\u28ff]")


@frozen(kw_only=False)
class Run:
    """Hidden characters side by side. `kind` is the worst one's (the order of `KINDS`), `safe` says that they can be
    taken out and nobody sees a difference."""

    start: int
    end: int
    kind: str
    text: str
    safe: bool

    @property
    def escaped(self) -> str:
        """`\\u200b\\u200c…`: the first of them as a person can read them."""
        return escaped(self.text)

    @property
    def decoded(self) -> str:
        """What tags or variation selectors spell, "" where they spell nothing; in one line of printable characters."""
        return decoded(self.text)


class _Ranges:
    """The tables, read when the first text that is not ASCII is."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        found = [(first, last, kind) for kind in KINDS for first, last in _pairs(getattr(tables, kind))]
        found.sort()
        self._starts = [first for first, _, _ in found]
        self._ranges = found
        spans = "".join(_class(first, last) for first, last, _ in found if last < 0x10000)
        # Above the BMP most characters are emoji: they are looked up one by one.
        self.suspects = re.compile(f"[{spans}\U00010000-\U0010ffff]+")
        self._sets: dict[str, tuple[list[int], list[int]]] = {}

    def kind(self, character: str) -> str:
        """The kind of a character, "" where it is to be seen."""
        known = self.known.get(character)
        if known is None:
            code = ord(character)
            at = bisect_right(self._starts, code) - 1
            known = self._ranges[at][2] if at >= 0 and code <= self._ranges[at][1] else ""
            if len(self.known) < 4096:
                self.known[character] = known
        return known

    def has(self, name: str, character: str) -> bool:
        """Whether a character is in one of the other tables."""
        known = self._sets.get(name)
        if known is None:
            pairs = _pairs(getattr(tables, name))
            known = self._sets[name] = ([first for first, _ in pairs], [last for _, last in pairs])
        if not character:
            return False
        at = bisect_right(known[0], ord(character)) - 1
        return at >= 0 and ord(character) <= known[1][at]


_RANGES: list[_Ranges] = []


def ranges() -> _Ranges:
    """The tables, made once."""
    if not _RANGES:
        _RANGES.append(_Ranges())
    return _RANGES[0]


def hidden(text: str, *, whole: bool = True) -> Iterator[Run]:
    """The runs of hidden characters in `text`, in order. `whole`: it begins with its file; a BOM may stand there."""
    if text.isascii():
        return
    known = ranges()
    for match in known.suspects.finditer(text):
        at, end = match.span()
        while at < end:
            kind = known.kind(text[at])
            if not kind:
                at += 1
                continue
            allowed = 1 if whole and at == 0 and text[0] == "\ufeff" else _allowed(known, text, at, kind)
            if allowed:
                at += allowed
                continue
            start = at
            kinds = {kind}
            at += 1
            while at < end and (kind := known.kind(text[at])):
                kinds.add(kind)
                at += 1
            worst = next(name for name in KINDS if name in kinds)
            yield Run(start, at, worst, text[start:at], _is_safe(known, text, start, at, kinds))


def escaped(text: str, most: int = MOST_SHOWN) -> str:
    """Characters as escapes, the first `most` of them."""
    shown = "".join(
        f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}" for code in map(ord, text[:most])
    )  # fmt: skip
    return shown + "…" if len(text) > most else shown


def decoded(text: str, most: int = 60) -> str:
    """What is spelled by tag characters (ASCII + E0000) or variation selectors (a byte each)."""
    tags = "".join(
        chr(ord(c) - 0xE0000) for c in text[: 4 * most] if 0xE0020 <= ord(c) <= 0xE007E
    )  # fmt: skip
    if not tags:
        data = bytearray()
        for code in map(ord, text[: 4 * most]):
            if 0xFE00 <= code <= 0xFE0F:
                data.append(code - 0xFE00)
            elif 0xE0100 <= code <= 0xE01EF:
                data.append(code - 0xE0100 + 16)
        tags = "".join(c for c in data.decode(errors="ignore") if c.isprintable())
        if len(tags) < max(2, 3 * len(data) // 4):  # no text
            return ""
    shown = " ".join(tags.replace("`", "'").split())
    return shown[: most - 1] + "…" if len(shown) > most else shown


def _allowed(known: _Ranges, text: str, at: int, kind: str) -> int:
    """How many characters from `at` on are in their place; 0 for hidden text."""
    character = text[at]
    before = text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    if kind == "TAG":
        return next((len(tags) for tags in FLAG_TAGS if before == FLAG and text.startswith(tags, at)), 0)
    if kind == "VARIATION":
        return int(_is_variant(known, character, before, after))
    if kind == "BIDI":
        if character not in "\u061c\u200e\u200f":
            return 0
        low = max(at - NEAR, text.rfind("\n", max(at - NEAR, 0), at) + 1)
        high = text.find("\n", at, at + NEAR)
        return int(bool(_DRAWN_FROM_RIGHT.search(text, low, high if high >= 0 else at + NEAR)))
    if kind == "BLANK":
        if character == "\u2800":
            end = at
            while text[end : end + 1] == character:
                end += 1
            near = _BRAILLE.search(text, max(at - NEAR, 0), at) or _BRAILLE.search(text, end, end + NEAR)
            return end - at if near else 0
        return int(character in "\u115f\u1160" and (_is_jamo(before) or _is_jamo(after)))
    if kind == "FORMAT":
        if character == ZWJ and known.has("PICTOGRAPHIC", after):
            return int(
                before == "\ufe0f" or "\U0001f3fb" <= before <= "\U0001f3ff" or known.has("PICTOGRAPHIC", before)
            )
        if character in JOINERS:
            end = at + 1
            while end < len(text) and text[end] in JOINERS:
                end += 1
            joined = known.has("JOINING_SCRIPTS", before) or known.has("JOINING_SCRIPTS", text[end : end + 1])
            return end - at if joined and end - at <= MOST_JOINERS else 0
        if character == "\u180e":
            return int("\u1800" <= before <= "\u18af")
        if character in "\u17b4\u17b5":
            return int("\u1780" <= before <= "\u17ff")
        if character == "\u034f" and before:
            from unicodedata import combining

            return int(combining(before) > 0)
    return 0


def _is_variant(known: _Ranges, character: str, before: str, after: str) -> bool:
    if not before:
        return False
    if character in "\ufe0e\ufe0f":
        if before in "0123456789#*":
            return after == "\u20e3"
        return before == "\u20e3" or known.has("EMOJI", before) or _category(before)[0] == "S"
    if character <= "\u180f":
        return "\u1800" <= before <= "\u18af"
    if known.has("IDEOGRAPH", before):
        return character <= "\ufe02" or character >= "\U000e0100"
    if character <= "\ufe02":
        near = "\u3000" <= before <= "\u303f" or "\uff01" <= before <= "\uff65" or before == "0"
        return near or _category(before) in ("Sm", "So") or known.has("JOINING_SCRIPTS", before)
    return character <= "\ufe06" and "\U00013000" <= before <= "\U000143ff"  # hieroglyphs are turned by them


def _category(character: str) -> str:
    from unicodedata import category

    return category(character)


def _is_jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff" or "\ua960" <= character <= "\ua97f" or "\ud7b0" <= character <= "\ud7ff"


def _is_safe(known: _Ranges, text: str, start: int, end: int, kinds: set[str]) -> bool:
    if not kinds <= {"TAG", "VARIATION", "FORMAT"}:
        return False
    before = text[start - 1] if start else "\n"
    after = text[end] if end < len(text) else "\n"
    if before in _MARKUP and not after.isspace():
        return False
    if after in _MARKUP and (before in _MARKUP or before.isspace()):
        return False
    return not (known.has("JOINING_SCRIPTS", before) or known.has("JOINING_SCRIPTS", after))


def _pairs(written: str) -> list[tuple[int, int]]:
    pairs = []
    for word in written.split():
        first, _, last = word.partition("-")
        pairs.append((int(first, 16), int(last or first, 16)))
    return pairs


def _class(first: int, last: int) -> str:
    return f"\\u{first:04x}-\\u{last:04x}" if last > first else f"\\u{first:04x}"
