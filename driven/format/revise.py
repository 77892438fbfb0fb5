"""A changed rule -> its file with the smallest change: what the rule says as before stays as a person wrote it.

Of the front matter only the keys that differ are written anew, in place; of a list only its items. The result is read
again: what does not say exactly the new rule is written more plainly, in the end as fresh front matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from driven.core.front import parse_front, split_front
from driven.format.canonical import front_lines, quoted, scalar
from driven.format.fields import KEYS
from driven.format.text import BOM, parse_rule, render_rule
from driven.frozen import field, record
from driven.model.activation import ForPaths, activation_word
from driven.model.rule import DEFAULT_PRIORITY, Rule, Value

if TYPE_CHECKING:
    from driven.span import Span

_WIDE = 100  # columns of a list on one line


def revise_rule(data: bytes, old: Rule, new: Rule, path: str) -> bytes:
    """The file `data`, which says `old`, as one that says `new`.

    Comments, the order of keys, quotes, blank lines, line ends and the BOM stay, and the body is `new.body` byte for
    byte. A file without front matter gets one only where it must. Never raises for what `parse_rule` reads.
    """
    start, end, body = split_front(data)
    text = new.body.encode("utf-8", "surrogatepass")
    if start and end >= start:
        for plain in (False, True):
            front = _front(data, start, end, old, new, plain)
            for gap in _gaps(data, end, body):
                made = front + gap + text if front else data[: 3 if data.startswith(BOM) else 0] + text
                if parse_rule(made, path=path, rule_id=new.id)[0] == new:
                    return made
    return render_rule(new)


def _gaps(data: bytes, end: int, body: int) -> list[bytes]:
    """The closing line and the blank one below it: as they stand, and as they should."""
    newline = b"\r\n" if data.find(b"\r\n") >= 0 else b"\n"
    return [data[end:body], b"---" + newline + newline]


def _front(data: bytes, start: int, end: int, old: Rule, new: Rule, plain: bool) -> bytes:
    """The file up to the closing line; nothing when no key and no comment is left."""
    page = _Page.read(data[start:end])
    if page is None:
        return b""
    turned = type(old.activation) is not type(new.activation)
    for key in KEYS:
        if _value(old, key) != _value(new, key) or (key == "apply" and turned):
            page.change(key, old, new, plain)
    front = "".join(page.lines).encode("utf-8", "surrogatepass")
    return data[:start] + front if front.strip() else b""


def _value(rule: Rule, key: str) -> object:
    """What `key` says for the rule; None: nothing, which is the default."""
    match key:
        case "apply":
            word = activation_word(rule.activation)
            return None if word in ("always", "paths") else word
        case "paths":
            return rule.activation.globs if isinstance(rule.activation, ForPaths) else None
        case "description":
            return rule.description or None
        case "kind":
            return None if rule.kind == "standard" else rule.kind
        case "category":
            return None if rule.category == "custom" else rule.category
        case "priority":
            return None if rule.priority == DEFAULT_PRIORITY else rule.priority
        case "when":
            return rule.when or None
        case "extra":
            return repr(rule.extra) if rule.extra else None  # 1, 1.0 and true are not one value
        case _:
            return getattr(rule, key) or None


@record
class _Key:
    """Where a key stands: its line, the columns of a value on that line, the line behind the value; for a list with an
    item on each line, those."""

    first: int
    last: int
    value: tuple[int, int] | None = None
    items: list[int] = field(default_factory=list)


@record
class _Page:
    """The lines of a front matter, with their ends."""

    lines: list[str]
    keys: dict[str, _Key]
    newline: str

    @classmethod
    def read(cls, data: bytes) -> _Page | None:
        """None: it is not what `parse_rule` reads."""
        from io import StringIO

        lines = list(StringIO(data.decode(), newline=""))
        newline = next((line[len(line.rstrip("\r\n")) :] for line in lines), "\n") or "\n"
        keys: dict[str, _Key] = {}
        simple = parse_front(data, 0, len(data), 0)
        if simple is not None:
            firsts = [(key, line) for key, _, line in simple]
            for (key, first), (_, after) in zip(firsts, [*firsts[1:], ("", len(lines))], strict=False):
                keys[key] = _simple(lines, first, after)
        else:
            from driven.format.yaml12 import load_yaml

            loaded = load_yaml(data.decode(), path="", line_offset=0)
            if loaded.diagnostics:
                return None
            firsts = [(key, span.line - 1) for key, span in loaded.keys.items()]
            for (key, first), (_, after) in zip(firsts, [*firsts[1:], ("", len(lines))], strict=False):
                keys[key] = _spelled(lines, first, after, loaded.at[key], loaded.items.get(key, []))
        return cls(lines, keys, newline)

    def change(self, key: str, old: Rule, new: Rule, plain: bool) -> None:
        """Let `key`, which says what `old` says, say what `new` says."""
        was, wanted = _value(old, key), _value(new, key)
        place = self.keys.get(key)
        if place is None:
            if wanted is not None:
                self._insert(key, _fresh(new, key))
        elif wanted is None and key != "apply":
            self._put(place, place.first, place.last, [])
            del self.keys[key]
        elif plain or not (
            self._revised(place, was, wanted or activation_word(new.activation))
            or (key == "extra" and self._extra(place, old, new))
        ):
            self._put(place, place.first, place.last, _fresh(new, key))

    def _revised(self, place: _Key, was: object, wanted: object) -> bool:
        """Change no more than the value; False where its form does not allow that."""
        if place.items and isinstance(was, tuple) and isinstance(wanted, tuple):
            return len(was) == len(place.items) and self._items(place, was, wanted)
        if place.value is None:
            return False
        line = self.lines[place.first]
        old = line[slice(*place.value)]
        if isinstance(wanted, tuple):
            if old[:1] == "[":
                made = f"[{', '.join([_like(old[1:].strip(), item, True) for item in wanted])}]"
                if len(line) - len(old) + len(made) > max(_WIDE, len(line)):
                    return False
            elif len(wanted) == 1 and not set(wanted[0]) & set(",{}"):
                made = _like(old, wanted[0])
            else:
                return False
        elif isinstance(wanted, str | int) and old[:1] not in ("{", "["):
            made = _like(old, wanted) if isinstance(wanted, str) else str(wanted)
        else:
            return False
        self.lines[place.first] = line[: place.value[0]] + made + line[place.value[1] :]
        return True

    def _items(self, place: _Key, was: Sequence[str], wanted: Sequence[str]) -> bool:
        """Take out the lines of items that are gone, and put in those that are new."""
        from difflib import SequenceMatcher

        rows = list(place.items)
        old = [self.lines[row] for row in rows]
        lead = old[0][: len(old[0]) - len(old[0].lstrip(" "))] + "- "
        matcher = SequenceMatcher(None, was, wanted, autojunk=False)
        for tag, i1, i2, j1, j2 in reversed(matcher.get_opcodes()):
            if tag == "equal":
                continue
            sample = old[min(i1, len(old) - 1)].strip()[1:].strip()
            for row in reversed(rows[i1:i2]):
                self._put(place, row, row + 1, [])
            at = rows[i1] if i1 < len(rows) else rows[-1] + 1
            self._put(place, at, at, [lead + _like(sample, item) for item in wanted[j1:j2]])
        return True

    def _extra(self, place: _Key, old: Rule, new: Rule) -> bool:
        """Change the editors' own keys line by line; False where they do not stand on a line each."""
        stands = _editors(self.lines[place.first + 1 : place.last], old.extra)
        fresh = _editors(_fresh(new, "extra")[1:], new.extra)
        if stands is None or fresh is None:
            return False
        lines = [self.lines[place.first].rstrip("\r\n")]
        for (editor, key), made in fresh.items():
            kept = stands.get((editor, key))
            if kept and key and repr(old.extra[editor][key]) != repr(new.extra[editor][key]):
                kept = [*kept[:-1], kept[-1][: len(kept[-1]) - len(kept[-1].lstrip(" "))] + made[-1].lstrip(" ")]
            lines += kept or made
        self._put(place, place.first, place.last, lines)
        return True

    def _insert(self, key: str, fresh: Sequence[str]) -> None:
        """A new key, below those that come before it in the order of the documentation."""
        above = [place.last for name, place in self.keys.items() if name in KEYS and KEYS.index(name) < KEYS.index(key)]
        below = [place.first for place in self.keys.values()]
        at = max(above) if above else min(below) if below else len(self.lines)
        place = _Key(at, at)
        self._put(place, at, at, fresh)
        self.keys[key] = place

    def _put(self, owner: _Key, first: int, last: int, fresh: Sequence[str]) -> None:
        """Replace lines of `owner`, and keep in mind where the keys below stand then."""
        self.lines[first:last] = [line + self.newline for line in fresh]
        moved = len(fresh) - (last - first)
        for place in self.keys.values():
            if place is not owner and place.first >= last:
                place.first += moved
                place.last += moved
                place.items = [row + moved for row in place.items]
                # `value` is columns of its own line: those stay
        owner.last += moved


def _simple(lines: list[str], first: int, after: int) -> _Key:
    """A key of the strict subset: a value on its line, or items below it."""
    line = lines[first].rstrip("\r\n")
    start = line.index(":") + 1
    stop = len(line.rstrip(" "))
    items = [at for at in range(first + 1, after) if lines[at].lstrip(" ")[:1] == "-"]
    if items or start >= stop:
        return _Key(first, (items or [first])[-1] + 1, None, items)
    start += len(line[start:stop]) - len(line[start:stop].lstrip(" \t"))
    return _Key(first, first + 1, (start, stop))


def _spelled(lines: list[str], first: int, after: int, at: Span, items: Sequence[Span]) -> _Key:
    """A key of any YAML."""
    last = after
    while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].lstrip(" \t")[:1] == "#"):
        last -= 1  # comments below a value belong to what comes next
    place = _Key(first, last)
    line = lines[first]
    if at.line == at.end_line == first + 1 == last:
        start, stop = at.column - 1, at.end_column - 1
        if line[start : start + 1] == "[":  # the place of a list is that of its bracket
            stop = line.find("]", items[-1].end_column - 1 if items else start) + 1
        if stop > start:
            place.value = start, stop
    elif items and all(item.line == item.end_line for item in items):
        rows = [item.line - 1 for item in items]
        if len(set(rows)) == len(rows) and all(lines[row].lstrip(" ")[:2] == "- " for row in rows):
            place.items = rows
    return place


def _editors(lines: Sequence[str], extra: Mapping[str, Mapping[str, Value]]) -> dict[tuple[str, str], list[str]] | None:
    """The lines of each key of `extra`, and (key "") of each editor, with the comments above it; None where they are
    not on a line each."""
    found: dict[tuple[str, str], list[str]] = {}
    above: list[str] = []
    depths: list[int] = []
    editor = ""
    for line in lines:
        line = line.rstrip("\r\n")
        bare = line.lstrip(" ")
        above.append(line)
        if bare[:1] in ("", "#"):
            continue
        name, rest = bare.partition(":")[::2]
        depth = len(line) - len(bare)
        if depth not in depths:
            depths.append(depth)
        if depth == depths[0] and rest.strip()[:1] in ("", "#"):
            editor = name.strip("\"' ")
            found[editor, ""] = above
        elif len(depths) == 2 and depth == depths[1]:
            found[editor, name.strip("\"' ")] = above
        else:
            return None
        above = []
    wanted = {(editor, key) for editor, keys in extra.items() for key in ("", *keys)}
    return found if set(found) == wanted and not above else None


def _like(old: str, text: str, in_list: bool = False) -> str:
    """`text` as a scalar, in the quotes that `old` has."""
    if old[:1] == '"':
        return quoted(text)
    if old[:1] == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return scalar(text, in_list)


def _fresh(rule: Rule, key: str) -> list[str]:
    """The lines of one key as fresh front matter has them."""
    if key == "apply":
        return [f"apply: {activation_word(rule.activation)}"]
    lines = front_lines(rule)
    first = next((at for at, line in enumerate(lines) if line.startswith(key + ":")), len(lines))
    last = first + 1
    while last < len(lines) and lines[last].startswith(" "):
        last += 1
    return lines[first:last]
