"""For authors of checks: what a check looks at, what it answers, and three decorators that make one of a function.

    @file_check("ACM01", "a rule without an owner", "driven/rule", why="…", url="https://…", verified="2026-11-21")
    def owner(document: Document) -> Iterator[Finding]:
        if document.key("owner") is None:
            yield Finding(message="nobody owns this rule", hint="write `owner: team`")

The function gets a `Document`, with `body_check` a `Body`, with `repository_check` a `Repository`. `collect(globals())`
gives all checks of a module, for `driven_checks` to offer.
"""

from __future__ import annotations

from driven.document.body import Body as Body
from driven.document.body import Fence as Fence
from driven.document.body import Heading as Heading
from driven.document.body import Link as Link
from driven.document.body import Statement as Statement
from driven.document.document import Document as Document
from driven.document.document import Front as Front
from driven.document.document import Key as Key
from driven.document.paths import folders as folders
from driven.document.paths import joined as joined
from driven.document.paths import relative as relative
from driven.document.places import TEXT as TEXT
from driven.document.places import place_of as place_of
from driven.document.repository import Repository as Repository
from driven.hookspecs import Check as Check
from driven.hookspecs import hookimpl as hookimpl
from driven.model.check import About as About
from driven.model.check import Edit as Edit
from driven.model.check import Finding as Finding
from driven.model.check import Repair as Repair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal, TypeVar

    from driven.model.check import Scope
    from driven.model.diagnostic import Severity

    S = TypeVar("S", Body, Document, Repository)


class FunctionCheck:
    """A check that is a function."""

    __slots__ = ("about", "run")

    def __init__(self, about: About, run: Callable[[Any], Iterable[Finding]]) -> None:
        self.about = about
        self.run = run


def body_check(
    code: str, title: str, *, why: str, url: str, verified: str, severity: Severity = "error", bad: str = "",
    good: str = "", fix: Literal["", "safe", "unsafe", "both"] = "", security: bool = False,
) -> Callable[[Callable[[Body], Iterable[Finding]]], FunctionCheck]:  # fmt: skip
    """A check of the Markdown of every file that a model is given. Asked once for equal texts."""
    return _made(code, title, "body", ("text",), severity, why, url, verified, bad, good, fix, security)


def file_check(
    code: str, title: str, *places: str, why: str, url: str, verified: str, severity: Severity = "error",
    bad: str = "", good: str = "", fix: Literal["", "safe", "unsafe", "both"] = "", security: bool = False,
) -> Callable[[Callable[[Document], Iterable[Finding]]], FunctionCheck]:  # fmt: skip
    """A check of each file of these places (`cursor/rule`; "text", "*": see `About`)."""
    return _made(code, title, "file", places, severity, why, url, verified, bad, good, fix, security)


def repository_check(
    code: str, title: str, *places: str, why: str, url: str, verified: str, severity: Severity = "error",
    bad: str = "", good: str = "", fix: Literal["", "safe", "unsafe", "both"] = "", security: bool = False,
) -> Callable[[Callable[[Repository], Iterable[Finding]]], FunctionCheck]:  # fmt: skip
    """A check of a whole repository; not asked where it holds no file of `places`, if any are named."""
    return _made(code, title, "repository", places, severity, why, url, verified, bad, good, fix, security)


def collect(names: Mapping[str, object]) -> list[FunctionCheck]:
    """The checks among the names of a module, in the order in which they were made."""
    return [value for value in names.values() if isinstance(value, FunctionCheck)]


def _made(
    code: str, title: str, scope: Scope, places: tuple[str, ...], severity: Severity, why: str, url: str,
    verified: str, bad: str, good: str, fix: Literal["", "safe", "unsafe", "both"], security: bool,
) -> Callable[[Callable[[S], Iterable[Finding]]], FunctionCheck]:  # fmt: skip
    about = About(
        code=code, title=title, severity=severity, scope=scope, places=places, why=why, url=url, verified=verified,
        bad=bad, good=good, fix=fix, security=security,
    )  # fmt: skip
    return lambda function: FunctionCheck(about, function)
