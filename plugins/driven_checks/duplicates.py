"""The same text twice: in the files of one editor, in part, or in files of several editors that one tool reads."""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Finding, Repository, repository_check
from driven_checks.readers import ONCE_WHEN_EQUAL, named, readers
from driven_checks.rule_texts import RULES, Held, bodies, first_line, folders_up, held, is_ours, key_of, lines, ours

VERIFIED = "2026-11-21"
MEMORY = "https://code.claude.com/docs/en/memory"

LEAST = 20  # bytes of a text without blanks that counts as a rule: `@AGENTS.md` is none
LEAST_SHARED = 3  # lines of two files that are shared on purpose no more
LEAST_LENGTH = 120  # bytes of them together
ALIKE = 0.8
LEAST_LINES = 5  # of a file that is compared with others, its heading too
MOST_LINES = 5_000  # of a file that is compared with others
MOST_COMPARED = 8  # files that one file is compared with

_GROUPS = {place: place.partition("/")[0] for place in RULES}


@repository_check(
    "DUP01", "the same rule twice", severity="warning",
    why="Two files of one editor hold the same text. Where both are loaded the model pays for it twice, and whoever"
    " changes one of them leaves a contradiction behind.",
    url=MEMORY, verified=VERIFIED, bad="style.mdc and coding.mdc: “Use tabs for indentation.”",
    good="style.mdc: “Use tabs for indentation.”",
)  # fmt: skip
def same_twice(repository: Repository) -> Iterator[Finding]:
    for document, first in _same(repository):
        start, end = first_line(document)
        yield Finding(
            message=f"this is the same text as `{first.path}`; a change of one leaves the other behind",
            start=start, end=end, path=document.path,
            hint="delete one of them; where they hold for different files, put the globs of both into one",
        )  # fmt: skip


@repository_check(
    "DUP02", "two rules that are nearly the same", severity="info",
    why="Two files of one editor share most of their lines. They were one rule once, and drift apart: the model is"
    " given both where both hold.",
    url=MEMORY, verified=VERIFIED, bad="api.mdc and api-v2.mdc share 9 of 10 lines",
    good="api.mdc holds what both share, api-v2.mdc the one line that differs",
)  # fmt: skip
def nearly_the_same(repository: Repository) -> Iterator[Finding]:
    found = repository.shared("driven_checks.near", lambda: _near(list(bodies(held(repository)).values())))
    if not found:
        return
    by_body: dict[int, list[Held]] = {}
    for one in held(repository):
        by_body.setdefault(id(one.body), []).append(one)
    told: set[str] = set()
    for later, earlier, shared, total in found:
        others: dict[tuple[str, str], Held] = {}
        for one in by_body[id(earlier.body)]:
            others.setdefault((_group(one.document), one.scope), one)
        for one in by_body[id(later.body)]:
            group = _group(one.document)
            other = next((others[group, up] for up in folders_up(one.scope) if (group, up) in others), None)
            if other is None or one.document.path in told or not _together(one.document, other.document):
                continue
            told.add(one.document.path)
            start, end = first_line(one.document)
            yield Finding(
                message=f"this is nearly the same text as `{other.document.path}`: {shared} of {total} lines are in"
                " both",
                start=start, end=end, path=one.document.path,
                hint="keep what both share in one of them, and in the other only what differs",
            )  # fmt: skip


@repository_check(
    "GEN10", "the same text in two files that one tool reads", severity="warning",
    why="Several tools read the always-on files of others: VS Code takes `CLAUDE.md` and `AGENTS.md` beside its own"
    " `copilot-instructions.md`. Text that stands in two of them is sent twice with every request.",
    url="https://code.visualstudio.com/docs/agent-customization/custom-instructions", verified=VERIFIED,
    bad="CLAUDE.md: a copy of AGENTS.md", good="CLAUDE.md: @AGENTS.md",
)  # fmt: skip
def sent_twice(repository: Repository) -> Iterator[Finding]:
    always: dict[str, list[Held]] = {}
    for one in [*held(repository), *ours(repository)]:
        if one.when == "always" and one.document.place != "driven/rule":
            always.setdefault(one.scope, []).append(one)
    for files in always.values():
        if len({_group(one.document) for one in files}) > 1:
            yield from _shared_by(files)


def _shared_by(files: list[Held]) -> Iterator[Finding]:
    """The pairs of files that share text and a reader."""
    holders: dict[bytes, dict[str, int]] = {}  # line -> group -> the first file of it
    pairs: dict[tuple[int, int], list[bytes]] = {}
    tools = [readers(file) for file in files]
    for at, file in enumerate(files):
        group = _group(file.document)
        for line in lines(file.body):
            if line[0] == 35:  # a heading
                continue
            known = holders.setdefault(line, {})
            for other_group, holder in known.items():
                if other_group != group and tools[at] & tools[holder] and not is_ours(files[holder].document):
                    pairs.setdefault((holder, at), []).append(line)
            known.setdefault(group, at)
    told: set[str] = set()  # files that were told of: of three copies two are told, not three pairs

    def rank(pair: tuple[tuple[int, int], list[bytes]]) -> tuple[int, bool, tuple[int, int]]:
        both = {files[at].document.place for at in pair[0]}
        return -sum(map(len, pair[1])), "agents/memory" not in both, pair[0]

    for (first, second), shared in sorted(pairs.items(), key=rank):
        one, other = files[first], files[second]
        equal = key_of(one.body) == key_of(other.body)
        if not equal and (len(shared) < LEAST_SHARED or sum(map(len, shared)) < LEAST_LENGTH):
            continue
        if {one.document.place, other.document.place} == {"claude/rule", "copilot/instructions"}:
            continue  # COP13 tells it
        both = tools[first] & tools[second]
        if equal:
            both -= ONCE_WHEN_EQUAL
        if not both:
            continue
        if is_ours(other.document) or (other.document.place == "agents/memory" and not is_ours(one.document)):
            one, other = other, one
        if other.document.path in told:
            continue
        told.add(other.document.path)
        start, end = first_line(other.document) if equal else _place(other, set(shared))
        what = "all of this" if equal else f"{len(shared)} lines of this"
        imports = other.document.place == "claude/memory" and one.document.place == "agents/memory"
        hint = "make this a file of its own that holds one line," if equal else "replace these lines by the import"
        yield Finding(
            message=f"{what} also {'stands' if equal else 'stand'} in `{one.document.path}`: the text is sent twice to"
            f" {named(both)}",
            start=start, end=end, path=other.document.path,
            hint=f"{hint} `@{one.document.name}`" if imports else "keep it in one of them",
        )  # fmt: skip


def _place(one: Held, shared: set[bytes]) -> tuple[int, int]:
    """Bounds of the first line of a file that is shared, else of its first line."""
    from driven.check_kit import Body

    document = one.document
    at = document.body_start
    for line in document.text[at:].split("\n"):
        if line.strip() and not shared.isdisjoint(lines(Body(line))):
            start = at + len(line) - len(line.lstrip())
            return start, start + len(line.strip())
        at += len(line) + 1
    return first_line(document)


def _same(repository: Repository) -> Iterator[tuple[Document, Document]]:
    """(a file, an earlier one of the same editor that holds the same text for the same folder or one above)."""
    texts: dict[bytes, int] = {}
    known: dict[int, int] = {}  # body -> number of its text
    first: dict[tuple[str, int, str], Document] = {}
    for one in held(repository):
        body = one.body
        number = known.get(id(body))
        if number is None:
            key = key_of(body)
            number = texts.setdefault(key, len(texts)) if len(key) >= LEAST else -1
            known[id(body)] = number
        if number < 0:
            continue
        document = one.document
        group = _group(document)
        for folder in folders_up(one.scope):
            other = first.get((group, number, folder))
            if other is not None and _together(document, other):
                yield document, other
                break
        else:
            first.setdefault((group, number, one.scope), document)


def _group(document: Document) -> str:
    """Files of one group are read by one tool, all of them. Of `AGENTS.md` and `AGENT.md` a tool reads one."""
    place = document.place
    return document.name.lower() if place == "agents/memory" else _GROUPS[place]


def _together(one: Document, other: Document) -> bool:
    """Whether two files of a group can reach one editor; WND08 tells of equal names in `.windsurf` and `.devin`."""
    if one.place == "windsurf/rule" and one.name == other.name and one.folder != other.folder:
        return False
    if one.rule is not None and other.rule is not None:
        wanted = [{target for target in rule.targets if target[:1] not in "-!"} for rule in (one.rule, other.rule)]
        return not all(wanted) or not wanted[0].isdisjoint(wanted[1])
    return True


def _near(found: list[Held]) -> list[tuple[Held, Held, int, int]]:
    """(later, earlier, lines in both, lines in all) of texts that are alike and not equal."""
    seen: set[bytes] = set()
    likely = []
    for at, one in enumerate(found):
        own = lines(one.body)
        if LEAST_LINES <= len(own) <= MOST_LINES:
            if len(own & seen) >= ALIKE * len(own):
                likely.append(at)
            seen |= own
    # A line leads to the first file that has it: a file is compared with the few that it owes most lines to.
    holder: dict[bytes, int] = {}
    for at, one in enumerate(found if likely else ()):
        if LEAST_LINES <= len(lines(one.body)) <= MOST_LINES:
            for line in lines(one.body):
                holder.setdefault(line, at)
    alike: list[tuple[Held, Held, int, int]] = []
    for at in likely:
        one, own = found[at], lines(found[at].body)
        common: dict[int, int] = {}
        for line in own:
            common[holder[line]] = common.get(holder[line], 0) + 1
        common.pop(at, None)
        for first in sorted(common, key=lambda each: (-common[each], each))[:MOST_COMPARED]:
            other = found[first]
            shared = len(own & lines(other.body))
            total = len(own) + len(lines(other.body)) - shared
            if shared >= ALIKE * total and key_of(one.body) != key_of(other.body):
                alike.append((one, other, shared, total))
    return alike
