"""A check as a value: what it finds, why that is wrong, and where the fact was looked up."""

from __future__ import annotations

from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from driven.model.diagnostic import Severity

Scope: TypeAlias = 'Literal["body", "file", "repository"]'


@frozen
class About:
    """What is told of a check, by `driven explain-code`, the docs and the reports.

    code      stable, `CUR03`: three letters, two digits
    title     one line: the mistake, as a noun phrase
    severity  of its findings where they do not say another one
    scope     "body": the Markdown of one file, wherever it stands; "file": one file; "repository": all of them
    places    which files: names of `driven.document.places` (`cursor/rule`), "text" for every file that a model gets
              as instructions, "*" for all, or a glob of files that are no place of ours; of a repository check those
              that it cannot do without, () for any
    why       what goes wrong, in sentences; the reason for the check
    bad, good a short example of either
    url       where the vendor (or whoever measured it) says so; `verified` the date, YYYY-MM-DD
    fix       whether findings may carry one: "safe", "unsafe", "both" (safe where it is certain what was meant) or ""
    security  asked of every file, also of what driven itself wrote
    fresh     a repository check that looks at more than the repository shows it: asked each time, never remembered
    """

    code: str
    title: str
    severity: Severity
    scope: Scope
    places: tuple[str, ...]
    why: str
    url: str
    verified: str
    bad: str = ""
    good: str = ""
    fix: Literal["", "safe", "unsafe", "both"] = ""
    security: bool = False
    fresh: bool = False


@frozen
class Edit:
    """Replace the text between two offsets (code points) of a file by `text`."""

    start: int
    end: int
    text: str


@frozen
class Repair:
    """What a check proposes: edits of the file that it found something in, or another path for it, or both.

    `safe`: the file means what its author meant, and nothing else changes; others are applied on request alone.
    """

    title: str
    edits: tuple[Edit, ...] = ()
    rename: str = ""
    safe: bool = False


@frozen
class Finding:
    """What a check found: `message` is one line, without the path; `hint` says what to do.

    `start` and `end` are offsets (code points) into the text of the file, in a "body" check into the body. `path` names
    the file in a repository check; where it is no document of the repository, the finding stands at its first line.
    """

    message: str
    start: int = 0
    end: int = 0
    hint: str = ""
    repair: Repair | None = None
    severity: Severity | None = None
    path: str = ""
