"""What proposals are made with: the place that they replace, how a value is written there, their order."""

from __future__ import annotations

from driven.frozen import frozen
from driven_lsp.values import Completion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from driven.document.document import Document
    from driven_lsp.front_place import FrontPlace
    from driven_lsp.values import CompletionKind

MOST = 200  # proposals of one answer
FLOW = "flow"  # inside brackets, where more has to be quoted
BLOCK = "block"
TOML = "toml"
BODY = "body"


@frozen
class Slot:
    """What a proposal replaces, and how a value is written there.

    quote    the quote that it stands in, "" for none; `closed`: its end stands there already
    form     `flow`, `block` (YAML), `toml` or `body` (Markdown, where a text stands as it is)
    head     what has to stand before it: the blank behind a colon, the `- ` of an item
    tail     what comes behind a value that is complete
    is_list  a list is wanted here, and there is none yet
    """

    start: int
    end: int
    form: str
    quote: str = ""
    closed: bool = True
    head: str = ""
    tail: str = ""
    is_list: bool = False


def slot_of(document: Document, place: FrontPlace, *, head: str = "", is_list: bool = False) -> Slot:
    """The slot of a place of front matter."""
    text = document.text
    toml = document.path.endswith(".toml")
    quote = text[place.start - 1] if place.quoted else ""
    if (
        place.kind in ("value", "item")
        and not quote
        and text[place.start - 1 : place.start] in ((":", "-") if not toml else ("=",))
    ):
        head = " " + head
    return Slot(
        start=place.start, end=place.end, form=TOML if toml else FLOW if place.flow else BLOCK, quote=quote,
        closed=not quote or text[place.end : place.end + 1] == quote, head=head,
        is_list=is_list and not quote and place.kind == "value",
    )  # fmt: skip


def written(slot: Slot, text: str, *, bare: bool = False, final: bool = True) -> str:
    """A value as it has to stand in the slot. `bare`: it is no text (`true`), or must not be quoted; not `final`: more
    is going to be typed behind it."""
    if slot.form == BODY:
        return slot.head + text + (slot.tail if final else "")
    if slot.quote:
        if slot.quote == '"' and ('"' in text or "\\" in text):
            from driven.format.canonical import quoted

            text = quoted(text)[1:-1]
        elif slot.quote == "'":
            text = text.replace("'", "''") if slot.form != TOML else text
        return (
            text + (slot.quote if final and not slot.closed else "") + (slot.tail if final and not slot.closed else "")
        )
    if not bare:
        text = _quoted_where_needed(slot, text)
    if slot.is_list and final:
        text = f"[{text}]"
    return slot.head + text + (slot.tail if final else "")


def _quoted_where_needed(slot: Slot, text: str) -> str:
    from driven.format.canonical import quoted, scalar

    if slot.form == TOML:
        return quoted(text)
    return scalar(text, slot.form == FLOW or slot.is_list)


class Proposals:
    """Proposals in the order in which they are added; one of each label."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.items: list[Completion] = []
        self.incomplete = False
        self.most = MOST
        self._labels: set[str] = set()

    def add(
        self, label: str, kind: CompletionKind, text: str | None = None, *, detail: str = "", doc: str = "",
        snippet: str = "", data: Mapping[str, Any] | None = None, bare: bool = False, final: bool = True,
        raw: bool = False, find: str = "",
    ) -> None:  # fmt: skip
        """One more. `text`: the value, the label for none; `raw`: it is written as it is. `find`: what it is found by,
        where that is not its value."""
        if len(self.items) >= self.most:
            self.incomplete = True
            return
        if label in self._labels:
            return
        self._labels.add(label)
        value = label if text is None else text
        self.items.append(
            Completion(
                label=label,
                kind=kind,
                insert=value if raw else written(self.slot, value, bare=bare, final=final),
                start=self.slot.start,
                end=self.slot.end,
                detail=detail,
                doc=doc,
                sort=f"{len(self.items):04d}",
                filter=find or (label if raw else value),
                snippet=snippet,
                data=data,
            )
        )

    @property
    def is_full(self) -> bool:
        """Whether no more are taken."""
        return len(self.items) >= self.most


def escaped(text: str) -> str:
    """A text inside a snippet."""
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
