"""Proposals in Markdown: what links and imports lead to, ids of rules in backquotes, codes in `driven-ignore` comments;
and the beginnings of an empty file."""

from __future__ import annotations

import re

from driven.format.words import one_line
from driven_lsp.features.completion_front import add_codes
from driven_lsp.features.completion_globs import add_paths, holds
from driven_lsp.features.completion_kit import BODY, Proposals, Slot, escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from driven.document.document import Document
    from driven.model.rule import Rule
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here

LONGEST = 2_000  # characters of a line before the cursor that are looked at
_IGNORE = re.compile(r"driven-ignore(?:-file)?[ \t:]+((?:[A-Za-z]{3}[0-9]{0,3}[ \t,]+)*)([A-Za-z0-9]*)$")
_COMMENT = re.compile(r"<!--[ \t]*([\w-]*)$")
_LINK = re.compile(r"(?:\]\(|^[ \t]{0,3}\[[^\]]{1,200}\]:[ \t]+)(<?)((?:mdc:)?)([^()\s<>]*)$")
_IMPORT = re.compile(r"(?:^|[\s(])@((?:[^\s@`'\"()]|\\ )*)$")
_TICK = re.compile(r"`([^`\n]*)$")


def complete_comment(here: Here, document: Document) -> Proposals | None:
    """The codes of a `driven-ignore` comment, wherever it stands; None where there is none."""
    line = _before(document, here.offset)
    if "driven-ignore" not in line:
        return None
    found = _IGNORE.search(line)
    if found is None:
        return None
    start = here.offset - len(found[2])
    into = Proposals(Slot(start=start, end=_word_end(document.text, here.offset), form=BODY))
    at = document.line_of(here.offset)
    told = here.snapshot.told(document.path)
    first = [one.code for one in sorted(told, key=lambda one: (one.span.line not in (at, at + 1), one.span.line))]
    used = [code.upper() for code in re.split(r"[ \t,]+", found[1]) if code]
    add_codes(into, here.snapshot, used, families=False, first=first)
    return into


def complete_body(here: Here, document: Document) -> Proposals | None:
    """What may stand at a place of the text; None where nothing is proposed."""
    line = _before(document, here.offset)
    link = _LINK.search(line)
    if link is not None:
        return None if _in_fence(document, here.offset) else _links(here, document, link)
    if line.count("`") % 2:
        tick = _TICK.search(line)
        if tick is None or "``" in line[max(0, tick.start() - 2) :] or _in_fence(document, here.offset):
            return None
        return _names(here, document, tick[1])
    mention = _IMPORT.search(line)
    if mention is not None and not _in_fence(document, here.offset):
        return _imports(here, document, mention[1])
    comment = _COMMENT.search(line)
    if comment is not None:
        return _comments(here, document, comment[1])
    return None


def _before(document: Document, offset: int) -> str:
    """The line up to the cursor."""
    start = document.line_bounds(document.line_of(offset))[0]
    return document.text[max(start, offset - LONGEST) : offset].lstrip("\ufeff")


def _word_end(text: str, at: int, more: str = "") -> int:
    while at < len(text) and (text[at].isalnum() or text[at] in more):
        at += 1
    return at


def _in_fence(document: Document, offset: int) -> bool:
    at = offset - document.body_start
    return any(fence.start < at and (at < fence.end or not fence.closed) for fence in document.body.fences)


def _rules(snapshot: Snapshot, document: Document) -> list[Rule]:
    return [rule for rule in snapshot.rules if rule.span.path != document.path]


def _links(here: Here, document: Document, found: re.Match[str]) -> Proposals | None:
    typed = found[3]
    if ":" in typed or "#" in typed:
        return None
    angled = bool(found[1])

    def write(name: str) -> str:
        return name if angled else name.replace(" ", "%20").replace("(", "%28").replace(")", "%29")

    return _paths(here, document, typed, write, "_-.~%/", link=True)


def _imports(here: Here, document: Document, typed: str) -> Proposals:
    return _paths(here, document, typed, lambda name: name.replace(" ", "\\ "), "_-.~/")


def _paths(
    here: Here, document: Document, typed: str, write: Callable[[str], str], word: str, *, link: bool = False
) -> Proposals:  # fmt: skip
    """Rules first, as paths from this file, then files and folders."""
    from driven.document.paths import relative
    from driven_lsp.paths import bases

    snapshot = here.snapshot
    lead = "/" if typed[:1] == "/" else ""
    start = here.offset - len(typed)
    into = Proposals(Slot(start=start, end=_word_end(document.text, here.offset, word), form=BODY))
    if not lead and (document.place == "driven/rule" or not snapshot.enabled):
        for rule in _rules(snapshot, document):
            if into.is_full:
                into.incomplete = True
                break
            path = "/".join(write(part) for part in relative(rule.span.path, document.folder).split("/"))
            if "/" in typed and not path.startswith(typed[: typed.rfind("/") + 1].removeprefix("./")):
                continue
            if not holds(path.lower(), typed.removeprefix("./").lower()):
                continue
            if typed[:2] == "./" and not path.startswith("../"):
                path = "./" + path
            into.add(path, "rule", detail=one_line(rule.title), data={"kind": "rule", "id": rule.id})
    kind = "link" if link else "import"
    folders = list(bases(document, kind, lead, here.offset))
    add_paths(into, snapshot, folders, typed[len(lead) :], write, lead)
    into.items = [item for item in into.items if item.label != document.name]
    return into


def _names(here: Here, document: Document, typed: str) -> Proposals:
    """Ids of rules, and paths of the project, between backquotes."""
    snapshot = here.snapshot
    end = _word_end(document.text, here.offset, "_-./")
    into = Proposals(Slot(start=here.offset - len(typed), end=end, form=BODY))
    line_end = document.line_bounds(document.line_of(here.offset))[1]
    close = "" if "`" in document.text[end:line_end] else "`"
    for rule in _rules(snapshot, document):
        if not holds(rule.id, typed.lower()):
            continue
        into.add(rule.id, "rule", rule.id + close, detail=one_line(rule.title), data={"kind": "rule", "id": rule.id},
                 find=rule.id)  # fmt: skip
    if typed:  # what does not hold the letters is left out
        into.incomplete = True
    if typed and not typed.isspace():
        add_paths(into, snapshot, ("",), typed)
    return into


def _comments(here: Here, document: Document, typed: str) -> Proposals:
    """The comments that silence findings."""
    into = Proposals(Slot(start=here.offset - len(typed), end=_word_end(document.text, here.offset, "-"), form=BODY))
    close = "" if "-->" in document.text[here.offset : here.offset + 200].split("\n")[0] else " -->"
    blank = "" if typed or document.text[here.offset - 1 : here.offset] in " \t" else " "
    told = next((one.code for one in here.snapshot.told(document.path)), "")
    for word, detail in (
        ("driven-ignore", "findings of this line, or of the next one"), ("driven-ignore-file", "findings of this file"),
    ):  # fmt: skip
        into.add(word, "snippet", f"{blank}{word} {told}{close}", raw=True, detail=detail, find=word,
                 snippet=f"{blank}{word} ${{1:{told or 'CODE'}}}{close}")  # fmt: skip
    return into


# What an empty file may begin with: label, detail, front matter with `{words to replace}`. Rule templates join here.
_RULE = (
    ("rule for some files", "apply: paths", 'description: {What the rule is about}\npaths: ["{src/**}"]'),
    ("rule that is always on", "apply: always", "description: {What the rule is about}"),
    ("rule that the model chooses", "apply: model", "description: {When the rule is needed}\napply: model"),
    ("rule for requests by name", "apply: manual", "description: {What the rule is about}\napply: manual"),
)
_CURSOR = (
    ("rule for some files", "globs", "description: {What the rule is about}\nglobs: {src/**}\nalwaysApply: false"),
    ("rule that is always on", "alwaysApply: true", "description: {What the rule is about}\nalwaysApply: true"),
    ("rule that the model chooses", "description", "description: {When the rule is needed}\nalwaysApply: false"),
)
_TRIGGER = (
    ("rule for some files", "trigger: glob", "trigger: glob\nglobs: {src/**}"),
    ("rule that is always on", "trigger: always_on", "trigger: always_on"),
    (
        "rule that the model chooses", "trigger: model_decision",
        "trigger: model_decision\ndescription: {When the rule is needed}",
    ),
    ("rule for requests by name", "trigger: manual", "trigger: manual"),
)  # fmt: skip
_PATHS = (("rule for some files", "paths", 'paths:\n  - "{src/**}"'),)
STARTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "driven/rule": _RULE,
    "cursor/rule": _CURSOR,
    "trae/rule": _CURSOR,
    "windsurf/rule": _TRIGGER,
    "antigravity/rule": _TRIGGER,
    "claude/rule": _PATHS,
    "cline/rule": _PATHS,
    "kilo/rule": _PATHS,
    "qwen/rule": _PATHS,
    "copilot/instructions": (
        (
            "instructions for some files", "applyTo",
            'description: "{What the instructions are about}"\napplyTo: "{src/**}"',
        ),
        ("instructions for all files", "applyTo", 'applyTo: "**"'),
    ),
    "kiro/rule": (
        ("steering for some files", "inclusion: fileMatch", 'inclusion: fileMatch\nfileMatchPattern: "{src/**}"'),
    ),
    "skill/skill": (("skill", "", "name: {name}\ndescription: {What it does, and when to use it}"),),
}  # fmt: skip


def complete_start(document: Document, offset: int) -> Proposals | None:
    """Front matter for a file that has nothing yet, or no more than dashes; None for any other."""
    text = document.text.lstrip("\ufeff")
    known = STARTS.get(document.place)
    if known is None or text.strip() not in ("", "-", "--", "---"):
        return None
    start, _ = document.line_bounds(document.line_of(offset))
    start = max(start, len(document.text) - len(text))
    line = document.text[start : document.line_bounds(document.line_of(offset))[1]].rstrip("\r\n")
    if text.strip() and not line.strip():
        return None  # below the dashes keys are proposed
    into = Proposals(Slot(start=start, end=start + len(line), form=BODY))
    folder = document.folder.rpartition("/")[2] or "name"
    for label, detail, front in known:
        front = front.replace("{name}", f"{{{folder}}}")
        plain = re.sub(r"\{([^{}]*)\}", r"\1", front)
        into.add(
            label, "snippet", f"---\n{plain}\n---\n\n# Title\n\n", raw=True, find=f"--- {label}", detail=detail,
            snippet=f"---\n{_stops(front)}\n---\n\n# ${{9:Title}}\n\n$0",
        )  # fmt: skip
    return into


def _stops(front: str) -> str:
    """The words to replace as tab stops."""
    parts = re.split(r"\{([^{}]*)\}", front)
    return "".join(f"${{{at // 2 + 1}:{escaped(part)}}}" if at % 2 else escaped(part) for at, part in enumerate(parts))
