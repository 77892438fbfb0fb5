"""What a rule asks for, where it can be said in two words: a subject and a value. Two files may then say opposites.

Only whole clauses of a few simple forms are read (`Use camelCase for variables`, `Never use enums`, `Indent with 2
spaces`). Whatever has an exception, a condition or a subject of its own is no claim: what is not understood is silent.
"""

from __future__ import annotations

import re

from driven.check_kit import Body, Statement
from driven.frozen import frozen
from driven_checks.claim_forms import CONDITION, POSSIBLE, read_choice, read_naming, read_use
from driven_checks.rule_texts import lines, plain
from driven_checks.scopes import REFUSED, scope_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from driven_checks.claim_forms import Said

    Reader: TypeAlias = Callable[[str], list[Said]]

MOST = 500  # claims of one text
MAX_STATEMENT = 1_000  # characters
MAX_CLAUSE = 200  # characters: a longer sentence says more than one thing


@frozen(kw_only=False)
class Claim:
    """`value` is asked for (or with `denied` ruled out) of `subject`, where `words` hold (`python`, `components`).

    `topic`: "naming", "use" or "choice". `start`, `end`: the clause in the body.
    """

    topic: str
    subject: str
    value: str
    denied: bool
    words: frozenset[str]
    start: int
    end: int

    def opposes(self, other: Claim) -> bool:
        """Whether a text cannot follow both: they have one topic and one subject."""
        if self.denied != other.denied:
            return self.value == other.value
        return not self.denied and self.value != other.value


def claims(body: Body) -> list[Claim]:
    """What a text asks for."""
    return body.shared("driven_checks.claims", _claims)


# In lines without blanks and marks (`rule_texts.lines`): a text without any of them makes no claim.
_CHOICE = (b"tabs", b"space", b"quot", b"semicolons", b"indent", b"char", b"column", b"lines", b"linel", b"linew",
           b"npm", b"useyarn",
           b"usebun")  # fmt: skip
_VERBS = (b"use", b"never", b"avoid", b"donot", b"dont", b"always", b"prefer", b"no", b"add", b"write", b"include",
          b"import", b"mock", b"favo", b"please", b"choose")  # fmt: skip
_SENTENCE = re.compile(r"(?<=[.;!])\s|\s[\u2013\u2014-]\s|;")
_ASIDE = re.compile(r"\s?\([^()]{0,120}(?:\)|$)")
_WORD_CHOICE = ("tab", "space", "quote", "semicolon", "indent", "char", "column", "line", "npm", "yarn", "bun")
_SHORT = 48  # bytes without blanks of a line that is one clause
_SHORT_TEXT = 80
MOST_READ = 20_000  # statements of one text
MOST_ABOVE = 200  # statements that are looked through for what one is indented below


def _claims(body: Body) -> list[Claim]:
    text = plain(body)
    naming = b"case" in text
    # What is claimed stands in a short line; in a long one only where that has parts.
    short: Iterable[bytes] = lines(body)
    if b"," not in text and b";" not in text and text.count(b".") <= text.count(b".\n") + 1:
        short = [line for line in short if len(line) < _SHORT]
    joined = b"\n".join(short)
    choice = any(word in joined for word in _CHOICE)
    use = any(line.startswith(_VERBS) and line[:3] != b"not" for line in short)
    if not (naming or choice or use):
        return []
    found: list[Claim] = []
    statements = body.statements
    for at, statement in enumerate(statements[:MOST_READ]):
        said = statement.text
        if len(said) > MAX_STATEMENT:
            continue
        low = said.lower()
        readers = []
        if naming and "case" in low:
            readers.append(("naming", read_naming))
        if choice and any(word in low for word in _WORD_CHOICE):
            readers.append(("choice", read_choice))
        if use and (len(low) < _SHORT_TEXT or ". " in low or ";" in low):
            readers.append(("use", read_use))
        if not readers:
            continue
        for clause, topic, answers in _read(said, readers):
            words = scope_words(body, statement.start, _above(body.text, statements, at) + _label(said, clause))
            if words != REFUSED:
                start, end = _bounds(body.text, statement.start, statement.end, clause)
                found += [Claim(topic, *answer, words, start, end) for answer in answers]
        if len(found) > MOST:
            break
    return found


def _read(text: str, readers: Sequence[tuple[str, Reader]]) -> list[tuple[str, str, list[Said]]]:
    """(clause, topic, what it says) of the clauses of a statement; nothing where it holds a condition."""
    found = []
    for clause in _clauses(text):
        bare = clause.replace("*", "").replace("`", "").replace('"', "")
        for topic, read in readers:
            answers = read(bare)
            if answers:
                found.append((clause, topic, answers))
                break
    return found if found and CONDITION.search(POSSIBLE.sub("", text)) is None else []


def _clauses(text: str) -> list[str]:
    """The sentences of a statement, or the row of a table as one."""
    if "possible" in text:
        text = POSSIBLE.sub("", text)
    if text[:1] == "|":
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        return [f"{cells[0]}: {cells[1]}"] if len(cells) in (2, 3) and "" not in cells[:2] else []
    if "(" in text:
        text = _ASIDE.sub("", text)
    found = [part.strip(" .!;") for part in _SENTENCE.split(text)]
    return [part for part in found if 0 < len(part) <= MAX_CLAUSE]


def _label(text: str, clause: str) -> str:
    """What a paragraph begins with: `Java:` above the sentences that are for Java."""
    label, colon, _ = text[:60].partition(":")
    return " " + label if colon and not clause.startswith(label) else ""


def _above(text: str, statements: list[Statement], at: int) -> str:
    """The items that an item is indented below, and the short paragraph that leads to it or its list (`In tests:`)."""
    column = _column(text, statements[at])
    found = []
    for other in reversed(statements[max(0, at - MOST_ABOVE) : at]):
        if not other.is_item:
            if other.text[-1:] == ":" or (len(other.text) < 60 and other.text[-1:] != "."):
                found.append(other.text[:MAX_CLAUSE])
            break
        if not statements[at].is_item:
            break
        if _column(text, other) < column:
            column = _column(text, other)
            found.append(other.text[:MAX_CLAUSE])
    return " ".join(found)


def _column(text: str, statement: Statement) -> int:
    return statement.start - text.rfind("\n", 0, statement.start)


def _bounds(text: str, start: int, end: int, clause: str) -> tuple[int, int]:
    """Where a clause stands in its statement, all of which it is when it is not written like that."""
    at = text.find(clause, start, end)
    return (start, end) if at < 0 else (at, at + len(clause))
