"""What an emitter makes: the files an editor shall have, and what it could not say."""

from __future__ import annotations

from collections.abc import Mapping

from driven.frozen import field, frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal


@frozen(kw_only=False)
class WholeFile:
    """The file is ours from the first byte to the last."""


@frozen(kw_only=False)
class Section:
    """Ours is what stands between the two marker comments that name `marker`; every other byte is a person's."""

    marker: str


@frozen(kw_only=False)
class ListEntry:
    """Ours is one entry of the YAML list under the top-level `key`; every other byte is a person's."""

    key: str


@frozen(kw_only=False)
class Outside:
    """Ours is every byte outside the marked sections: a file of a person's that was imported as a rule."""


Ownership = WholeFile | Section | ListEntry | Outside
WHOLE_FILE = WholeFile()


@frozen
class Artefact:
    """One piece of output: a whole file, a section of a shared one, what is outside of them, or one list entry.

    `path` is relative to the project root, POSIX, never `..`. `text` is LF with one final newline unless it carries
    the layout of an imported file; for a `ListEntry` it is the entry's bare value. `rule_ids` are in effect order.
    """

    path: str
    text: str
    ownership: Ownership = WHOLE_FILE
    rule_ids: tuple[str, ...] = ()


@frozen(kw_only=False)
class Piece:
    """An artefact and the name of the editor that it is for."""

    editor: str
    artefact: Artefact

    @property
    def is_shared(self) -> bool:
        """Whether the file is a person's too."""
        return not isinstance(self.artefact.ownership, WholeFile)

    @property
    def owned(self) -> tuple[str, str, str]:
        """Its line in `outputs.lock`: path, editor, and what of the file is that editor's."""
        artefact = self.artefact
        match artefact.ownership:
            case WholeFile():
                part = "file"
            case Section(marker):
                part = f"section:{marker}"
            case ListEntry(key):
                part = f"entry:{key}:{artefact.text}"
            case Outside():
                part = "outside"
        return artefact.path, self.editor, part


@frozen
class Loss:
    """What an editor cannot be told of a rule: `approximated` (said in the nearest form) or `dropped` (not said)."""

    rule_id: str
    kind: Literal["approximated", "dropped"]
    reason: str
    editor: str = ""


@frozen
class Emission:
    """The answer of one emitter."""

    artefacts: tuple[Artefact, ...] = ()
    losses: tuple[Loss, ...] = ()


@frozen
class Settings:
    """What an emitter may know of the project besides the rules.

    options   the editor's own table in config.toml
    editors   the names of all enabled editors (a skill that two of them read is written once)
    always    "native", or "agents": always-on text stands once in AGENTS.md
    header    whether whole files carry a generated-by comment below the front matter
    """

    options: Mapping[str, object] = field(default_factory=dict)
    editors: frozenset[str] = frozenset()
    always: Literal["native", "agents"] = "native"
    header: bool = False
