"""What features answer: values of our own, counted in offsets (code points into a document's text); `convert` alone
knows how the protocol writes them."""

from __future__ import annotations

from driven.frozen import field, frozen
from driven.model.diagnostic import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from driven_lsp.snapshot import Snapshot

    CompletionKind = Literal["key", "value", "editor", "glob", "file", "folder", "rule", "code", "function", "snippet"]
    SymbolKind = Literal["rule", "heading", "key", "file", "editor", "list"]
    TokenKind = Literal["key", "rule", "glob", "import", "value", "editor", "comment", "function"]
    FoldKind = Literal["region", "comment", "imports"]


@frozen
class Place:
    """A part of a file of the project: `path` relative to its root, POSIX; `start` and `end` offsets into its text."""

    path: str
    start: int = 0
    end: int = 0


@frozen
class Here:
    """Where somebody asks: a document of a snapshot, and the offset of the cursor."""

    snapshot: Snapshot
    path: str
    offset: int = 0
    end: int = 0  # of a selection


@frozen
class Hover:
    """Markdown about what stands from `start` to `end`."""

    markdown: str
    start: int
    end: int


@frozen
class Completion:
    """One proposal: `insert` replaces what stands from `start` to `end`. `snippet`: the same with `${1:places}`, for
    clients that take it. `data` comes back when `doc` is asked for (`resolve`)."""

    label: str
    kind: CompletionKind
    insert: str
    start: int
    end: int
    detail: str = ""
    doc: str = ""
    sort: str = ""
    filter: str = ""
    snippet: str = ""
    deprecated: bool = False
    data: Mapping[str, Any] | None = None


@frozen
class Completions:
    """Proposals; `incomplete` when there are more, to be asked for again with the next key."""

    items: tuple[Completion, ...] = ()
    incomplete: bool = False


@frozen
class Target:
    """Where a definition or a reference is; `origin` is what was asked about (offsets in the asked document)."""

    place: Place
    origin_start: int = 0
    origin_end: int = 0


@frozen
class Edit:
    """Replace a part of a file."""

    place: Place
    text: str


@frozen
class Edits:
    """Edits of files, and files that are made (`creates`: path -> text), renamed (old, new) or deleted."""

    edits: tuple[Edit, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    creates: Mapping[str, str] = field(default_factory=dict)
    deletes: tuple[str, ...] = ()


@frozen
class Command:
    """Something that the client may ask for: the name of a command of ours and its one argument."""

    title: str
    name: str
    argument: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Action:
    """Something to do about a place. `kind` as the protocol names it: `quickfix`, `refactor.rewrite`,
    `source.fixAll.driven`. Either `edits` or a `command`."""

    title: str
    kind: str
    edits: Edits | None = None
    command: Command | None = None
    repairs: tuple[Diagnostic, ...] = ()
    preferred: bool = False
    disabled: str = ""


@frozen
class Lens:
    """A line above a place. Without a command it is told and no more."""

    start: int
    end: int
    command: Command


@frozen
class Hint:
    """A word at the end of a place."""

    offset: int
    label: str
    tooltip: str = ""


@frozen
class Token:
    """A part of the text with a meaning. Tokens never overlap and never span lines."""

    start: int
    end: int
    kind: TokenKind


@frozen
class Symbol:
    """A part of a document in its outline; `name_start` to `name_end` lie inside `start` to `end`."""

    name: str
    kind: SymbolKind
    start: int
    end: int
    name_start: int
    name_end: int
    detail: str = ""
    children: tuple[Symbol, ...] = ()


@frozen
class Found:
    """A symbol of the whole project."""

    name: str
    kind: SymbolKind
    place: Place
    container: str = ""


@frozen
class Link:
    """A part of the text that leads to a file of the project (`path`) or elsewhere (`url`)."""

    start: int
    end: int
    path: str = ""
    url: str = ""
    tooltip: str = ""


@frozen
class Fold:
    """Offsets: the line of `start` to the line of `end` can be folded."""

    start: int
    end: int
    kind: FoldKind = "region"


@frozen
class Selection:
    """Ranges around a place, the smallest first."""

    ranges: tuple[tuple[int, int], ...]
