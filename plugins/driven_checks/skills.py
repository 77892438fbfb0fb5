"""Skills, <folder>/<name>/SKILL.md: https://agentskills.io/specification (verified 2026-11-21).

Claude Code is the one reader that takes a skill without a name or a description; below `.claude/` what only other
readers mind is a warning (https://code.claude.com/docs/en/skills, verified 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Front, Key, Repair, file_check
from driven.plugin_kit import one_line, scalar
from driven_checks.cursor_globs import feed, written
from driven_checks.elsewhere import is_handed_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Severity

SPEC = "https://agentskills.io/specification"
VERIFIED = "2026-11-21"
NAME_MAX = 64
DESCRIPTION_MAX = 1024
_BLANKS = ("{{", "<", "[", "$", "{%")  # what a template leaves to fill in


@file_check(
    "SKL01", "a skill whose name is missing, malformed or not its folder's", "skill/skill",
    why="The name of a skill must be that of its folder: at most 64 lower-case letters, digits and single hyphens. VS"
    " Code, Cursor, Codex and other readers skip a skill that is called otherwise.",
    url=SPEC, verified=VERIFIED, bad="name: PDF Tools", good="name: pdf-tools", fix="both",
)  # fmt: skip
def skill_name(document: Document) -> Iterator[Finding]:
    front = _front(document)
    if front is None or front.end < 0:
        return  # SKL02 tells it
    folder = document.folder.rpartition("/")[2]
    key = front.get("name")
    lenient = _severity(document)
    if key is None or not key.raw.strip("\"' \t"):
        yield Finding(
            message="there is no `name`: the skill may be skipped", start=0, end=3, severity=lenient,
            hint=f"write `name: {folder}`" if _is_name(folder) else "write `name:` and call the folder the same",
            repair=_add_name(document, front, key) if _is_name(folder) else None,
        )  # fmt: skip
        return
    text, end = written(key)
    name = key.value if isinstance(key.value, str) else text
    if name == folder and _is_name(name) and isinstance(key.value, str):
        return
    if "\n" in text or any(blank in name for blank in _BLANKS):
        return
    wrong = _trouble(name)
    if not wrong and name == folder:
        if key.value == text.strip("\"'"):
            return
        edit = Edit(start=key.value_start, end=end, text=f'"{text}"')  # `name: 123`
        yield Finding(
            message=f"the name `{name}` is no text to YAML: the skill may be skipped", start=key.value_start, end=end,
            hint=f'write `name: "{name}"`', severity="warning",
            repair=Repair(title="Put it in quotes", edits=(edit,), safe=True),
        )  # fmt: skip
        return
    if not wrong and (not folder or not _loads(document)):
        return  # the whole project is the skill, or nobody reads it where it stands
    repair: Repair | None = None
    if _is_name(folder):
        same = _plain(name) == _plain(folder)
        edit = Edit(start=key.value_start, end=end, text=folder)
        repair = Repair(title=f"Call it {folder}", edits=(edit,), safe=same)
    shown = one_line(name)[:70]
    told = f"the name `{shown}` {wrong}" if wrong else f"the skill is called `{shown}` and its folder `{folder}`"
    yield Finding(
        message=f"{told}: the skill may be skipped", start=key.value_start, end=end, severity=lenient, repair=repair,
        hint=f"write `name: {folder}`" + ("" if wrong else f", or rename the folder to `{shown}`")
        if _is_name(folder) else "use lower-case letters, digits and single hyphens, for the folder too",
    )  # fmt: skip


@file_check(
    "SKL02", "a skill without a description, or with one that is too long", "skill/skill",
    why="A model sees nothing of a skill but its description until it chooses it. Without one, or with front matter"
    " that cannot be read, the skill is never chosen; more than 1,024 characters are refused or cut.",
    url=SPEC, verified=VERIFIED, bad="description:", good="description: Fills in PDF forms. Use it for PDF files.",
    fix="safe",
)  # fmt: skip
def skill_description(document: Document) -> Iterator[Finding]:
    front = _front(document)
    lenient = _severity(document)
    if front is None or front.end < 0:
        if _is_skill(document) and document.text.strip("\ufeff \t\r\n")[:4] not in ("---\n", "---\r"):
            yield Finding(
                message="there is no front matter, so no name and no description: the skill is not loaded",
                start=0, end=0, severity=lenient, hint="begin with `---`, `name: …`, `description: …`, `---`",
            )  # fmt: skip
        elif front is not None:
            yield Finding(
                message="the front matter is never closed: the skill has no name and no description, and is not loaded",
                start=0, end=3, hint="write `---` on a line of its own below the keys",
            )  # fmt: skip
        return
    key = front.get("description")
    if front.problem:
        yield _unreadable(front, key)
        return
    if key is None or key.value is None or (isinstance(key.value, str) and not key.value.strip()):
        start, end = (0, 3) if key is None else (key.start, key.end)
        yield Finding(
            message="there is no description: no model can choose the skill", start=start, end=end, severity=lenient,
            hint="write `description:` with what the skill does and when to use it",
        )  # fmt: skip
    elif isinstance(key.value, list | dict):
        yield Finding(
            message="the description is no text: no model can choose the skill", start=key.value_start,
            end=key.value_end, severity=lenient, hint="write it as one text, in quotes if it begins with `[` or `{`",
        )  # fmt: skip
    elif isinstance(key.value, str) and len(key.value.strip()) > DESCRIPTION_MAX:
        length = len(key.value.strip())
        yield Finding(
            message=f"the description has {length:,} characters; at most {DESCRIPTION_MAX:,} are allowed",
            start=key.value_start, end=key.value_end, severity=lenient,
            hint="shorten it to what the skill does and when to use it; the rest belongs into the text below",
        )  # fmt: skip


def _unreadable(front: Front, key: Key | None) -> Finding:
    """Front matter that is no YAML: mostly a colon in a description without quotes."""
    repair = None
    at = front.problem_at
    if key is not None and "\n" not in key.raw and key.raw[:1] not in ("", "'", '"', "|", ">", "[", "{"):
        line = scalar(key.raw)
        start, end = key.value_start - front.start, key.value_end - front.start
        if line != key.raw and " #" not in key.raw:
            from driven.plugin_kit import load_yaml

            text = front.text[:start] + line + front.text[end:]
            if not load_yaml(text, path="").diagnostics:
                edit = Edit(start=key.value_start, end=key.value_end, text=line)
                repair = Repair(title="Put the description in quotes", edits=(edit,), safe=True)
                at = key.value_start
    problem = one_line(front.problem).removeprefix("the YAML does not parse: ")[:120]
    return Finding(
        message=f"the front matter cannot be read as YAML ({problem}): some editors skip the skill", severity="warning",
        start=at, end=key.value_end if repair and key else at,
        hint="put the description in quotes" if repair else "correct the front matter", repair=repair,
    )  # fmt: skip


def _is_skill(document: Document) -> bool:
    """`docs/skill.md` may be about anything."""
    return document.name == "SKILL.md" or "/skills/" in f"/{document.path}"


def _front(document: Document) -> Front | None:
    return document.front if _is_skill(document) else None


def _loads(document: Document) -> bool:
    """Whether an editor looks for skills where the file stands: below a folder `skills`."""
    return "/skills/" in f"/{document.path}" or "/skill/" in f"/{document.path}"


def _severity(document: Document) -> Severity | None:
    if "/.claude/" in f"/{document.path}" or not _loads(document) or is_handed_on(document.path):
        return "warning"
    return None


def _is_name(name: str) -> bool:
    return not _trouble(name)


def _trouble(name: str) -> str:
    """What is wrong with a name, "" for nothing. Letters of any script are letters, as to the reference library."""
    if not name:
        return "is empty"
    if len(name) > NAME_MAX:
        return f"has {len(name)} characters, and at most {NAME_MAX} are allowed"
    if name != name.lower():
        return "has upper-case letters"
    if not all(char == "-" or char.isalnum() for char in name):
        return "has characters other than letters, digits and hyphens"
    if name[0] == "-" or name[-1] == "-" or "--" in name:
        return "begins or ends with a hyphen, or has two together"
    return ""


def _plain(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def _add_name(document: Document, front: Front, key: Key | None) -> Repair:
    folder = document.folder.rpartition("/")[2]
    if key is None:
        edit = Edit(start=front.start, end=front.start, text=f"name: {scalar(folder)}{feed(document.text)}")
    else:
        edit = Edit(start=key.start, end=key.value_end, text=f"name: {scalar(folder)}")
    return Repair(title=f"Call it {folder}", edits=(edit,), safe=True)
