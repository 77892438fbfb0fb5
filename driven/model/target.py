"""An editor, as data: what it can say, how it reads globs, what it limits, and where that was looked up."""

from __future__ import annotations

from collections.abc import Mapping

from driven.frozen import field, frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Fidelity: TypeAlias = 'Literal["native", "approximated", "dropped"]'


@frozen
class Dialect:
    """How an editor matches a glob against a path relative to the project root.

    anywhere    a pattern that starts with neither `/` nor `**/` matches at any depth (VS Code)
    ignore_case letters match in either case
    dot         `*` and `**` match names that begin with a dot
    braces      `{a,b}` is understood; where it is not, an emitter writes the expanded patterns
    absolute    the pattern is matched against the whole path of the file, from the root of the file system (VS Code)
    name        who matches so, where it is only one of the editor's faces; else the editor's title is said
    """

    anywhere: bool = False
    ignore_case: bool = False
    dot: bool = True
    braces: bool = True
    absolute: bool = False
    name: str = ""


@frozen
class Limit:
    """A size that an editor enforces or advises on one file."""

    characters: int = 0
    lines: int = 0
    bytes: int = 0
    hard: bool = True
    note: str = ""


@frozen
class Way:
    """How an editor expresses one activation: `fidelity`, and what happens in words (`"paths in front matter"`)."""

    fidelity: Fidelity
    words: str


@frozen
class Target:
    """One editor. `ways` is keyed `always paths model manual`; `options` names the config keys it takes with their
    defaults, `choices` the values that one may have: for an option that is not in it, any path inside the project;
    `files` are globs of the files it reads that `driven` may write, `also_reads` those of other tools."""

    name: str
    title: str
    docs: str
    verified: str  # the date the facts were last checked, YYYY-MM-DD
    ways: Mapping[str, Way]
    files: tuple[str, ...]
    also_reads: tuple[str, ...] = ()
    dialect: Dialect = Dialect()
    limits: tuple[Limit, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def allowed(self) -> dict[str, tuple[str, ...]]:
        """Option -> the values that it may have, none of them for any path inside the project."""
        return {name: tuple(self.choices.get(name, ())) for name in self.options}
