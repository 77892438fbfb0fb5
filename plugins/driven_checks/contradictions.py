"""Rules that cannot both be followed: two styles of names, always and never, tabs and spaces."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Finding, Repository, repository_check
from driven_checks.claims import Claim, claims
from driven_checks.rule_texts import Held, held, in_ours
from driven_checks.scopes import file_words, glob_words, overlap

VERIFIED = "2026-11-21"
MEMORY = "https://code.claude.com/docs/en/memory"
WHY = (
    " Both are in the model's context at once: “if two rules contradict each other, Claude may pick one arbitrarily”,"
    " and other models do no better."
)
MOST_COMPARED = 16  # claims of another value that one claim is compared with


class Said:
    """A claim in a file."""

    __slots__ = ("claim", "glob_words", "held", "words")

    def __init__(self, held: Held, claim: Claim, words: frozenset[str], glob_words: frozenset[str]) -> None:
        self.held = held
        self.claim = claim
        self.words = words
        self.glob_words = glob_words

    def opposes(self, other: Said, repository: Repository) -> bool:
        """Whether both can be loaded at once, for the same things, and only one followed."""
        if self.words != other.words or not self.claim.opposes(other.claim):
            return False
        if self.glob_words and other.glob_words and self.glob_words.isdisjoint(other.glob_words):
            return False
        return overlap(self.held, other.held, repository)


@repository_check(
    "CTR01", "two styles of names for one thing", severity="warning",
    why="Rules ask for different styles of names of the same things." + WHY,
    url=MEMORY, verified=VERIFIED, bad="Use camelCase for variables. / Use snake_case for variables.",
    good="Use camelCase for variables.",
)  # fmt: skip
def naming(repository: Repository) -> Iterator[Finding]:
    for later, earlier in _opposed(repository, "naming"):
        mine, theirs = later.claim, earlier.claim
        names = f"names of {_plural(mine.subject)}"
        if mine.denied:
            text = f"{names} must not be in {mine.value} here, and {_where(later, earlier)} asks for it"
        elif theirs.denied:
            text = f"{names} are to be in {mine.value} here, and {_where(later, earlier)} forbids it"
        else:
            text = f"{names} are to be in {mine.value} here, and in {theirs.value} {_in(later, earlier)}"
        yield _finding(text, later, earlier)


@repository_check(
    "CTR02", "one rule asks for what another forbids", severity="warning",
    why="One rule says to use something, another says never to." + WHY,
    url=MEMORY, verified=VERIFIED, bad="Use default exports. / Never use default exports.",
    good="Never use default exports.",
)  # fmt: skip
def asked_and_forbidden(repository: Repository) -> Iterator[Finding]:
    for later, earlier in _opposed(repository, "use"):
        mine, theirs = later.claim, earlier.claim
        if mine.value != theirs.value:
            text = f"this prefers `{mine.value}`, and {_where(later, earlier)} prefers `{theirs.value}`"
        elif mine.denied:
            text = f"this forbids what {_where(later, earlier)} asks for: {_quoted(earlier)}"
        else:
            text = f"this asks for what {_where(later, earlier)} forbids: {_quoted(earlier)}"
        yield _finding(text, later, earlier)


@repository_check(
    "CTR03", "two rules choose differently", severity="warning",
    why="Rules choose differently where there is one choice: tabs or spaces, single or double quotes, 80 or 100"
    " columns." + WHY,
    url=MEMORY, verified=VERIFIED, bad="Indent with tabs. / Use 2 spaces for indentation.", good="Indent with tabs.",
)  # fmt: skip
def chosen_twice(repository: Repository) -> Iterator[Finding]:
    for later, earlier in _opposed(repository, "choice"):
        mine, theirs = later.claim, earlier.claim
        if mine.denied or theirs.denied:
            words = ("asks for", "forbids") if theirs.denied else ("forbids", "asks for")
            text = f"this {words[0]} {_said(mine)}, and {_where(later, earlier)} {words[1]} it"
        else:
            text = f"this asks for {_said(mine)}, and {_where(later, earlier)} for {_said(theirs)}"
        yield _finding(text, later, earlier)


_SAID = {
    "indentation": "{} for indentation", "indent width": "{} spaces of indentation", "quotes": "{} quotes",
    "line length": "lines of {} characters", "package manager": "`{}`",
}  # fmt: skip


def _said(claim: Claim) -> str:
    """A choice in words."""
    if claim.subject == "semicolons":
        return "semicolons" if claim.value == "used" else "no semicolons"
    return _SAID[claim.subject].format(claim.value)


def _finding(text: str, later: Said, earlier: Said) -> Finding:
    document, claim = later.held.document, later.claim
    narrower = later.held.when != earlier.held.when
    return Finding(
        message=text, start=document.body_start + claim.start, end=document.body_start + claim.end, path=document.path,
        hint="decide for one of them; where one is meant as an exception, say there what it is for"
        if narrower or later.held is not earlier.held else "decide for one of them and delete the other",
        severity="info" if narrower else None,
    )  # fmt: skip


def _where(later: Said, earlier: Said) -> str:
    document = earlier.held.document
    line = document.line_of(document.body_start + earlier.claim.start)
    return f"line {line}" if document is later.held.document else f"`{document.path}:{line}`"


def _in(later: Said, earlier: Said) -> str:
    return f"{'on' if earlier.held is later.held else 'in'} {_where(later, earlier)}"


def _quoted(said: Said) -> str:
    body = said.held.body.text
    return "“" + " ".join(body[said.claim.start : said.claim.end].split()) + "”"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in ("e", "o", "a"):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "ch", "sh", "x")) else "s")


def _opposed(repository: Repository, topic: str) -> list[tuple[Said, Said]]:
    """(later, earlier) of the claims of a topic that oppose each other; once for each pair of texts and subject."""
    return repository.shared("driven_checks.opposed", lambda: _all_opposed(repository)).get(topic, [])


def _all_opposed(repository: Repository) -> dict[str, list[tuple[Said, Said]]]:
    by_subject: dict[tuple[str, str], list[Said]] = {}
    for one in held(repository):
        made = claims(one.body)
        if made:
            document = one.document
            words, globs = file_words(document, one.when), glob_words(document)
            for claim in made:
                if not document.ours or not in_ours(document, document.body_start + claim.start):
                    said = Said(one, claim, claim.words | words, globs)
                    by_subject.setdefault((claim.topic, claim.subject), []).append(said)
    found: dict[str, list[tuple[Said, Said]]] = {}
    told: set[tuple[int, int, str]] = set()
    for (topic, subject), group in by_subject.items():
        if len({(said.claim.value, said.claim.denied) for said in group}) < 2:
            continue
        for later, earlier in _pairs(group, repository):
            pair = id(earlier.held.body), id(later.held.body), subject
            if pair not in told:
                told.add(pair)
                found.setdefault(topic, []).append((later, earlier))
    return found


def _pairs(group: list[Said], repository: Repository) -> Iterator[tuple[Said, Said]]:
    """Each claim with the first one before it that it opposes, of its own file or editor if there is such."""
    before: dict[tuple[str, bool], list[Said]] = {}
    for said in group:
        claim = said.claim
        others = []
        for (value, denied), known in before.items():
            if (value, denied) != (claim.value, claim.denied):
                others += known[:MOST_COMPARED]
        document = said.held.document
        others.sort(key=lambda one: (one.held.document is not document, one.held.document.editor != document.editor))
        for other in others[: MOST_COMPARED * 4]:
            if said.opposes(other, repository):
                yield said, other
                break
        before.setdefault((claim.value, claim.denied), []).append(said)
