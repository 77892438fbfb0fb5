"""Which templates a person means: words of a template's name, title, tags and description, the rare ones first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log

from driven.fusion.template import Template
from driven.grammar.suggest import nearest

# How much a word says by where it stands.
_NAME, _TAG, _TITLE, _DESCRIPTION = 8.0, 5.0, 4.0, 2.0
_STARTS = 0.6  # of that, where a word only begins so: `test` finds `testing`
_INSIDE = 0.25


def search(templates: Sequence[Template], words: str) -> list[Template]:
    """The templates that have every word, or one that begins so, best first; else those with the most of them."""
    wanted = _words(words)
    if not wanted:
        return []
    fields = [(one, _fields(one)) for one in templates]
    rare = {word: log(1 + len(fields) / (1 + sum(_score(word, text) > 0 for _, text in fields))) for word in wanted}
    found: list[tuple[int, float, str, Template]] = []
    for one, text in fields:
        scores = [_score(word, text) * rare[word] for word in wanted]
        met = sum(score > 0 for score in scores)
        if met:
            found.append((-met, -sum(scores), one.name, one))
    best = max((-row[0] for row in found), default=0)
    return [row[3] for row in sorted(found, key=lambda row: row[:3]) if -row[0] == best]


def meant(templates: Sequence[Template], words: str) -> str:
    """What words that find nothing may have been meant to be, "" where nothing is near."""
    known = sorted({word for one in templates for words, _ in _fields(one) for word in words})
    found = [(word, nearest(word, known)) for word in _words(words)]
    better = [near or word for word, near in found]
    return " ".join(better) if any(near and near != word for word, near in found) else ""


def _fields(one: Template) -> tuple[tuple[list[str], float], ...]:
    return (
        (_words(one.name), _NAME), (_words(" ".join(one.tags)), _TAG), (_words(one.title), _TITLE),
        (_words(f"{one.description} {one.kind}"), _DESCRIPTION),
    )  # fmt: skip


def _score(word: str, fields: Iterable[tuple[list[str], float]]) -> float:
    total = 0.0
    for words, weight in fields:
        best = 0.0
        for other in words:
            if other == word:
                best = 1.0
                break
            if len(word) > 1 and other.startswith(word):
                best = max(best, _STARTS)
            elif len(word) > 3 and word in other:
                best = max(best, _INSIDE)
        total += weight * best
    return total


def _words(text: str) -> list[str]:
    """Small letters; a plural counts as its singular."""
    plain = "".join(char if char.isalnum() or char in "+#" else " " for char in text[:4000].lower())
    return list(dict.fromkeys(_singular(word) for word in plain.split()))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word
