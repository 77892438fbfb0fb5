"""From two releases to the operations between them: rules by their content, then the smallest patch for each."""

from __future__ import annotations

from bisect import bisect_left

from driven.core import htip, patch
from driven.format.drv import to_drv
from driven.format.rules_json import to_json
from driven.frozen import record, replace
from driven.model.rule import RuleSet
from driven.streaming.payload import (
    FILE,
    HEAD,
    MAX_BYTES,
    MAX_FILES,
    MAX_RULES,
    NEW,
    NOTHING,
    OWN,
    TEXT,
    counted,
    number,
    runs,
)
from driven.streaming.release import NOWHERE, Release, head_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.rule import Rule

    Op = tuple[int, int, bytes]

BASE, TEMPLATE, MADE = range(3)  # of what a rule is made
FRAME = 3 * htip.SIZE + 64  # bytes of a batch with one operation, beside its payload
MORE = 12  # bytes of the operations that define and instantiate one more rule, beside its JSON


def batch(old: Release | None, new: Release) -> bytes:
    """The batch from `old` (or anything) to `new`."""
    from driven.errors import SourceError

    size = sum(len(rule.body) for rule in new.rules) + sum(map(len, new.files.values()))
    if size > MAX_BYTES or len(new.rules) > MAX_RULES or len(new.files) > MAX_FILES:
        raise SourceError(f"{len(new.rules):,} rules and {size:,} bytes are too many", hint="publish them in parts")
    if old is None:
        return _full(new)
    new.after(old)
    ops = _Changes(old, new).ops()
    made = _written(old.digest, new, ops)
    if len(made) > FRAME + size:  # else everything cannot be less
        whole = _full(new)
        return whole if len(whole) <= len(made) else made
    return made


def _full(new: Release) -> bytes:
    rules = RuleSet(tuple([replace(rule, span=NOWHERE) for rule in new.rules]))
    files = [counted(path.encode()) + counted(new.files[path]) for path in sorted(new.files)]
    return _written(NOTHING, new, [(htip.FULL_SYNC, 0, counted(to_drv(rules)) + b"".join(files))])


def _written(base: bytes, new: Release, ops: list[Op]) -> bytes:
    out = htip.OpWriter()
    out.put(htip.BATCH_START, 0, base + new.digest)
    for op, flags, payload in ops:
        out.put(op, flags, payload)
    out.put(htip.BATCH_COMMIT, 0, b"")
    return out.bytes()


@record
class _Made:
    """A rule that is made of another one: of which, and by which patches."""

    of: int
    place: int
    rule: Rule
    flags: int
    patches: bytes


class _Changes:
    """What differs between two releases."""

    def __init__(self, old: Release, new: Release) -> None:
        self.old = old
        self.new = new
        self.base = old.rules.rules
        self.place = {rule.id: at for at, rule in enumerate(self.base)}
        self.contents = {old.content(rule): at for at, rule in enumerate(self.base)}
        self.templates: list[Rule] = []  # in the order of their numbers
        self.made: list[_Made] = []  # behind the templates; each is a template for the next

    def ops(self) -> list[Op]:
        """All operations, in their order."""
        old, new = self.old, self.new
        kept = {rule.id for rule in new.rules}
        gone = [at for at, rule in enumerate(self.base) if rule.id not in kept]
        moved: list[tuple[int, int]] = []
        changed: list[Op] = []
        added: list[Rule] = []
        for rule in new.rules:
            at = self.place.get(rule.id)
            if at is None:
                added.append(rule)
            elif self.base[at] is not rule and old.content(self.base[at]) != new.content(rule):
                patches = self._patches(at, rule)
                if patches is None:
                    added.append(rule)
                else:
                    if patches[0] is not None:
                        moved.append((at, patches[0]))
                    changed += patches[1]
        self._add(added, gone)
        ops: list[Op] = []
        if gone:
            ops.append((htip.REMOVE, 0, runs(gone)))
        if moved:
            ops.append((htip.REORDER, 0, _reordered(sorted(moved))))
        ops += changed
        if self.templates:
            document = to_json(RuleSet(tuple([replace(rule, span=NOWHERE) for rule in self.templates])))
            ops.append((htip.TEMPLATE_DEFINE, 0, document.encode()))
            ops.append((htip.INSTANTIATE, OWN, number(0) + number(len(self.templates))))
        for one in self.made:
            place = one.place if one.of != MADE else len(self.templates) + one.place
            payload = number(place * 2 + (one.of == BASE)) + counted(one.rule.id.encode()) + one.patches
            ops.append((htip.INSTANTIATE, one.flags, payload))
        return ops + self._files()

    def _patches(self, at: int, rule: Rule) -> tuple[int | None, list[Op]] | None:
        """What makes `rule` of the one at `at` of the base: its new priority where that is all that its head says
        anew, and operations. None where the rule as a whole is no more."""
        before = self.base[at]
        ops: list[Op] = []
        priority = None
        old_head, new_head = head_of(before), head_of(rule)
        if old_head != new_head:
            if before.priority != rule.priority and head_of(placed(before, rule.priority)) == new_head:
                priority = rule.priority
            else:
                kind, change = patch.smallest(old_head, new_head)
                ops.append((htip.PATCH_META, kind, number(at) + change))
        if before.body != rule.body:
            old_text, new_text = before.body.encode(), rule.body.encode()
            kind, change = patch.smallest(old_text, new_text)
            op = htip.PATCH_TEXT, kind, number(at) + change
            section = _section(old_text, new_text)
            if section is not None:
                grown = number(at) + number(section[0]) + section[1]
                op = (htip.ADD_SECTION, 0, grown) if len(grown) <= len(op[2]) else op
            ops.append(op)
        cost = sum(htip.SIZE + len(payload) for _, _, payload in ops) + (2 if priority is not None else 0)
        if cost > len(new_head) + len(rule.body) and cost > _whole(rule) + MORE:
            return None
        return priority, ops

    def _add(self, added: list[Rule], gone: list[int]) -> None:
        """Rules that the base has not: each from what is there already, if it is like that, else as a template."""
        known = {content: (BASE, at) for content, at in self.contents.items()}
        by_name = {self.base[at].id.rpartition("/")[2]: at for at in gone}
        ids = sorted(self.place)
        for rule in added:
            content = self.new.content(rule)
            found = known.get(content)
            if found is not None:
                self.made.append(_Made(*found, rule, 0, b""))
                continue
            like = self._like(rule, by_name.get(rule.id.rpartition("/")[2]), ids)
            if like is None:
                known[content] = TEMPLATE, len(self.templates)
                self.templates.append(rule)
            else:
                known[content] = MADE, len(self.made)
                self.made.append(like)

    def _like(self, rule: Rule, namesake: int | None, ids: list[str]) -> _Made | None:
        """The rule as one that is there and patches, where that is less than a template of its own."""
        sources: list[tuple[int, int, Rule]] = []  # a rule that went, the neighbour, what was made before it
        if namesake is not None:
            sources.append((BASE, namesake, self.base[namesake]))
        if ids:
            at = self.place[ids[min(bisect_left(ids, rule.id), len(ids) - 1)]]
            sources.append((BASE, at, self.base[at]))
        if self.templates:
            sources.append((TEMPLATE, len(self.templates) - 1, self.templates[-1]))
        if self.made:
            sources.append((MADE, len(self.made) - 1, self.made[-1].rule))
        best: _Made | None = None
        lines = rule.body.split("\n")
        for of, place, one in sources:
            if not _alike(one.body, rule.body, lines):
                continue
            flags, patches = 0, b""
            for flag, before, now in (
                (HEAD, head_of(one), head_of(rule)),
                (TEXT, one.body.encode(), rule.body.encode()),
            ):
                if before != now:
                    kind, change = patch.smallest(before, now)
                    flags |= flag
                    patches += bytes([kind]) + counted(change)
            if best is None or len(patches) < len(best.patches):
                best = _Made(of, place, rule, flags, patches)
        if best is None or htip.SIZE + 4 + len(rule.id) + len(best.patches) >= _whole(rule):
            return None
        return best

    def _files(self) -> list[Op]:
        before, now = self.old.files, self.new.files
        paths = sorted(before)
        ops: list[Op] = []
        gone = [at for at, path in enumerate(paths) if path not in now]
        if gone:
            ops.append((htip.REMOVE, FILE, runs(gone)))
        for at, path in enumerate(paths):
            if path in now and before[path] != now[path]:
                kind, change = patch.smallest(before[path], now[path])
                ops.append((htip.PATCH_META, FILE | kind, number(at) + change))
        for path in sorted(now.keys() - before.keys()):
            ops.append((htip.PATCH_META, FILE | NEW, counted(path.encode()) + now[path]))
        return ops


def placed(rule: Rule, priority: int) -> Rule:
    """A rule at another place in the order: its priority, and the line of its front matter that says it."""
    front = rule.source.front
    at = front.find("\npriority:")
    if at >= 0:
        start = at + len("\npriority:")
        while front[start : start + 1] == " ":
            start += 1
        end = start
        while front[end : end + 1] in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"):
            end += 1
        front = f"{front[:start]}{priority}{front[end:]}"
    return replace(rule, priority=priority, source=replace(rule.source, front=front))


def _reordered(moved: list[tuple[int, int]]) -> bytes:
    """Pairs of a place in the base (as the distance from the one before) and a priority."""
    out, at = b"", 0
    for place, priority in moved:
        out += number(place - at) + bytes([priority])
        at = place
    return out


def _whole(rule: Rule) -> int:
    """Bytes of a rule in a template, without the braces around all."""
    return len(to_json(RuleSet((replace(rule, span=NOWHERE),))).encode()) - len('{"driven":1,"rules":[]}')


def _alike(one: str, other: str, lines: list[str]) -> bool:
    """Whether it is worth looking for a patch: a quarter of the other's text stands in lines of the one."""
    known = set(one.split("\n"))
    return one == other or 4 * sum(len(line) + 1 for line in lines if line in known) > len(other)


def _section(old: bytes, new: bytes) -> tuple[int, bytes] | None:
    """Where a heading and what follows it were put in between, or at the end, and nothing else was changed."""
    size = len(new) - len(old)
    if size <= 0:
        return None
    same = _common(old, new)
    if old[same:] != new[same + size :]:
        return None
    at = same
    while at >= 0 and same - at <= size:  # further back it would be the same text once more
        text = new[at : at + size]
        if old[at:] != new[at + size :]:
            return None
        if (at == 0 or new[at - 1 : at] in (b"\n", b"\r")) and text.lstrip(b"\r\n").startswith(b"#"):
            return at, text
        at = max(new.rfind(b"\n", 0, at - 1), new.rfind(b"\r", 0, at - 1)) + 1 if at > 0 else -1
    return None


def _common(one: bytes, other: bytes) -> int:
    """How many bytes both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
