"""Small things about text for messages and one-line values: shorten, make one line, guess what was meant."""

from __future__ import annotations

from collections.abc import Iterable


def shown(text: str, limit: int = 60) -> str:
    """`text` short enough for a message, on one line, its invisible characters escaped."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return cut if cut.isprintable() else "".join([char if char.isprintable() else repr(char)[1:-1] for char in cut])


def one_line(text: str) -> str:
    """`text` as one line: line ends, with the blanks around them, and control characters become a space."""
    if text.isprintable():
        return text.strip(" ")
    parts = "".join([char if char.isprintable() or _is_format(char) else "\n" for char in text]).split("\n")
    return " ".join([part for part in (part.strip(" ") for part in parts) if part])


def similar(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, "" for none."""
    if len(word) > 40:
        return ""
    from difflib import get_close_matches

    lower = {name.lower(): name for name in known}
    return next((lower[match] for match in get_close_matches(word.lower(), lower, 1, 0.6)), "")


def is_typo(word: str, meant: str) -> bool:
    """Whether `word` is so near to what `similar` says was meant that it may be put in its place."""
    from difflib import SequenceMatcher

    return SequenceMatcher(None, word.lower(), meant.lower(), autojunk=False).ratio() >= 0.75


def slip_of(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is certainly a slip of the finger for, "" where there is none or more than one.

    At most one letter too many, too few, wrong or swapped with the next, two in words of eight letters and more; small
    and capital letters, and `-` and `_`, count as alike.
    """
    if not 2 < len(word) <= 40:
        return ""
    plain = word.casefold().replace("-", "_")
    near = [name for name in known if _differ(plain, name.casefold().replace("-", "_"), 2 if len(name) >= 8 else 1)]
    return near[0] if len(near) == 1 else ""


def _differ(one: str, other: str, most: int) -> bool:
    """Whether it takes at most that many strokes to make one of the other."""
    if abs(len(one) - len(other)) > most:
        return False
    last: list[int] = []
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        before, last, row = last, row, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(last[to] + 1, row[to - 1] + 1, last[to - 1] + (char != wanted))
            if at > 1 and to > 1 and char == other[to - 2] and wanted == one[at - 2]:
                cost = min(cost, before[to - 2] + 1)
            row.append(cost)
    return row[-1] <= most


def _is_format(char: str) -> bool:
    """Not printable to Python, yet text: other spaces, joiners, private use; neither a control nor a line end."""
    from unicodedata import category

    return category(char) not in ("Cc", "Cs", "Zl", "Zp")
