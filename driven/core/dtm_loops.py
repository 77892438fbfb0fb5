"""Loops of a template while it renders, and what goes over a whole list at once. Compiled."""

from __future__ import annotations

from driven.core import dtm_layout as L
from driven.core._rt import FormatError, final, i64
from driven.core.dtm_layout import LOOP_ATTRIBUTES, RenderError
from driven.core.dtm_questions import apply_test
from driven.core.dtm_values import Undefined, defined, items_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@final
class Loop:
    """One `for`: its items, where it stands, and what a filtered one kept."""

    def __init__(self, items: list[object]) -> None:
        self.items = items
        self.count: i64 = len(items)
        self.index: i64 = -1
        self.kept: list[object] = []

    def advance(self) -> bool:
        """Go to the next item; False when there is none."""
        self.index += 1
        return self.index < self.count

    def item(self) -> object:
        """The item that the loop is at."""
        return self.items[self.index]

    def keep(self) -> None:
        """Keep the item that the loop is at."""
        if not 0 <= self.index < self.count:
            raise FormatError("a loop that has not begun", 0)
        self.kept.append(self.items[self.index])

    def attribute(self, which: i64, at: i64) -> object:
        """`loop.index` and what else LOOP_ATTRIBUTES names."""
        if which >= len(LOOP_ATTRIBUTES):
            raise FormatError("an unknown attribute of a loop", at)
        name = LOOP_ATTRIBUTES[which]
        if name == "index":
            return int(self.index + 1)
        if name == "index0":
            return int(self.index)
        if name == "first":
            return self.index == 0
        if name == "last":
            return self.index == self.count - 1
        if name == "length":
            return int(self.count)
        if name == "revindex":
            return int(self.count - self.index)
        if name == "revindex0":
            return int(self.count - self.index - 1)
        if name == "previtem":
            return self.items[self.index - 1] if self.index > 0 else Undefined("", "there is no previous item")
        if name == "nextitem":
            after = self.index + 1
            return self.items[after] if after < self.count else Undefined("", "there is no next item")
        return 1 if name == "depth" else 0


def select(which: i64, value: object, args: list[Any], rejects: bool) -> list[object]:
    """The items of which a test says so, or with `rejects` does not; 255 is the truth of the item."""
    kept: list[object] = []
    if not value:  # as Jinja2: of what is empty nothing is asked, whatever it is
        return kept
    for one in items_of(value):
        holds = bool(one) if which == 255 else apply_test(which, one, args)
        if holds != rejects:
            kept.append(one)
    return kept


def span(bounds: list[Any]) -> list[object]:
    """`range` of one to three whole numbers."""
    for bound in bounds:
        defined(bound)
        if not isinstance(bound, int):
            raise RenderError("`range` is of whole numbers")
        if bound.bit_length() > 62:
            raise RenderError("a range of numbers that are too large")
    if len(bounds) == 1:
        numbers = range(bounds[0])
    elif len(bounds) == 2:
        numbers = range(bounds[0], bounds[1])
    elif len(bounds) == 3:
        numbers = range(bounds[0], bounds[1], bounds[2])
    else:
        raise FormatError("a range of another number of bounds", 0)
    if len(numbers) > L.MAX_ITEMS:
        raise RenderError(f"a range of more than {L.MAX_ITEMS:,} numbers")
    return list(numbers)


def cycle(values: Any, index: Any) -> object:
    """`loop.cycle`."""
    if not isinstance(values, tuple) or not isinstance(index, int) or not values:
        raise RenderError("`loop.cycle` needs something to go through")
    result: object = values[index % len(values)]
    return result
