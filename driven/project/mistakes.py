"""What is wrong in the text of a configuration, with its place and its repair. Only a mistake loads this.

A repair is safe where the text that it makes is read without any other mistake than there were: whatever was meant is
certain then, and nothing that was hidden comes to hold.
"""

from __future__ import annotations

from driven.format.words import is_typo, similar, slip_of
from driven.frozen import field, frozen, record, replace
from driven.model.diagnostic import Diagnostic, Fix, TextEdit
from driven.project.toml_places import Places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from driven.project.toml_places import Keys, Part

    Cut = tuple[int, int, str]
    Read = Callable[[str], "Notes | None"]

MOST = 100  # mistakes that are told one by one
MOST_READ = 1 << 20  # characters that are read again to see what repairs make of the text
TRUE, FALSE = ("true", "yes", "on"), ("false", "no", "off")


@frozen
class Note:
    """One mistake, before anybody asks for its place.

    `keys`: the dotted key as a tuple (an item of a list by its index); `is_key`: the name itself is wrong, else the
    value behind it. `better`: what to write instead, as TOML; `sure`: whether that was certainly meant.
    """

    code: str
    message: str
    hint: str
    keys: Keys
    is_key: bool
    better: str
    sure: bool


@record
class Notes:
    """The mistakes of a text while it is read; those above `MOST` are only counted. Keys are told below `prefix`."""

    prefix: tuple[str, ...] = ()
    all: list[Note] = field(default_factory=list)
    more: int = 0

    def key(
        self, message: str, hint: str, *keys: str, known: Collection[str] = (), there: Collection[str] = (),
        may: bool = True, code: str = "DRV002",
    ) -> None:  # fmt: skip
        """A name that is none of `known`; `there` stand beside it. `may`: whether a repair can be safe."""
        if len(self.all) >= MOST:
            self.more += 1
            return
        name, sure = keys[-1], True
        better = slip_of(name, known)
        if not better:
            better, sure = similar(name, known), False
            better = better if better and is_typo(name, better) else ""
        if better in there or any(slip_of(other, (better,)) for other in [*there][:MOST] if other != name):
            better = ""  # two keys would get one name
        self.all.append(Note(
            code=code, message=message, hint=hint, keys=(*self.prefix, *keys), is_key=True, better=better,
            sure=may and sure,
        ))  # fmt: skip

    def value(
        self, message: str, hint: str, *keys: str | int, better: str = "", sure: bool = True, code: str = "DRV002"
    ) -> None:  # fmt: skip
        """A value that cannot stand behind its key."""
        if len(self.all) >= MOST:
            self.more += 1
            return
        self.all.append(Note(
            code=code, message=message, hint=hint, keys=(*self.prefix, *keys), is_key=False, better=better, sure=sure,
        ))  # fmt: skip


def bool_of(value: object) -> str:
    """The `true` or `false` that a text was certainly meant to be, "" for none."""
    word = value.strip().lower() if isinstance(value, str) else ""
    return "true" if word in TRUE else "false" if word in FALSE else ""


def choice_of(value: object, choices: Collection[str]) -> tuple[str, bool]:
    """The one of `choices` that a text was meant to be, as TOML, and whether that is certain."""
    if not isinstance(value, str):
        return "", False
    sure = slip_of(value, choices)
    near = sure or similar(value, choices)
    return (f'"{near}"', bool(sure)) if near and is_typo(value, near) else ("", False)


def told(text: str, path: str, notes: Notes, read: Read, *, ours: bool) -> list[Diagnostic]:
    """The mistakes in the order of the text. `read`: those of another text, None where that is no TOML. `ours`: the
    file is driven's own, so it may be repaired."""
    places = Places(text, path)
    cuts = [_cuts(places, note) if ours and note.better else [] for note in notes.all]
    left = MOST_READ // max(1, len(text))
    safe: list[bool] = []
    for note, made in zip(notes.all, cuts, strict=True):
        asked = bool(made) and note.sure and left > 0
        left -= asked
        safe.append(asked and _is_good(text, made, [note], notes.all, read))
    if sum(safe) > 1:
        pairs = [pair for pair, is_safe in zip(zip(notes.all, cuts, strict=True), safe, strict=True) if is_safe]
        every = [cut for _, made in pairs for cut in made]
        if not _is_good(text, every, [note for note, _ in pairs], notes.all, read):  # not good together
            safe = [False] * len(safe)
    found = []
    for note, made, is_safe in zip(notes.all, cuts, safe, strict=True):
        part = places.key(note.keys) if note.is_key else places.value(note.keys)
        fix = None
        if made:
            title = f"{'Rename' if note.is_key else 'Change'} to `{note.better}`"
            edits = tuple(TextEdit(span=places.span((start, end)), text=new) for start, end, new in made)
            fix = Fix(title=title, edits=edits, safe=is_safe)
        found.append(Diagnostic(
            code=note.code, severity="error", message=note.message, span=places.span(part), hint=note.hint, fix=fix,
        ))  # fmt: skip
    found.sort(key=lambda one: (one.span.line, one.span.column))
    if notes.more:
        found[-1] = replace(found[-1], hint=f"{found[-1].hint}; {notes.more:,} more mistakes are not shown")
    return found


def _cuts(places: Places, note: Note) -> list[Cut]:
    parts: Sequence[Part] = places.keys.get(note.keys, ())
    if not note.is_key:
        parts = [places.values[note.keys]] if note.keys in places.values else ()
    return [(start, end, note.better) for start, end in parts]


def _is_good(
    text: str, cuts: Sequence[Cut], mended: Sequence[Note], all_notes: Sequence[Note], read: Read
) -> bool:  # fmt: skip
    """Whether the text with these edits is without those mistakes, and has no new one. What stands below a name that
    nobody read until now is no new one: it is told then, and nothing of it holds before it is right."""
    notes = read(cut(text, cuts))
    if notes is None or notes.more:
        return False
    names = {note.keys: (*note.keys[:-1], note.better) for note in mended if note.is_key}
    known = {_what(note, names) for note in all_notes if note not in mended}
    return all(_what(note, {}) in known or _is_below(note.keys, names.values()) for note in notes.all)


def _what(note: Note, names: Mapping[Keys, Keys]) -> object:
    """What tells a mistake from others, where keys got the names of `names`."""
    for length in range(1, len(note.keys) + 1):
        if note.keys[:length] in names:
            return note.code, (*names[note.keys[:length]], *note.keys[length:]), note.is_key
    return note.code, note.keys, note.is_key


def _is_below(keys: Keys, tables: Collection[Keys]) -> bool:
    return any(keys[:length] in tables for length in range(1, len(keys)))


def cut(text: str, cuts: Sequence[Cut]) -> str:
    """The text with those edits, none of which touches another."""
    for start, end, new in sorted(cuts, reverse=True):
        text = text[:start] + new + text[end:]
    return text
