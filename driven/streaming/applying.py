"""From operations to the release that they make: whole batches, held against the digests of base and result."""

from __future__ import annotations

from driven.core import htip
from driven.core._rt import FormatError
from driven.errors import SourceError
from driven.format.drv import fault, from_drv
from driven.format.rules_json import from_json
from driven.frozen import replace
from driven.model.rule import RuleSet
from driven.streaming.diffing import placed
from driven.streaming.operations import HINT, NAMES, Told, WrongBase, broken
from driven.streaming.payload import (
    FILE,
    HEAD,
    KIND,
    MAX_BATCHES,
    MAX_FILES,
    MAX_MADE,
    MAX_RULES,
    NEW,
    NOTHING,
    OWN,
    TEXT,
    Payload,
    patched,
)
from driven.streaming.release import NOWHERE, Release, head_of, with_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.rule import Rule


def play(old: Release | None, ops: bytes) -> tuple[Release, tuple[Told, ...]]:
    """The release after all batches, and what was done."""
    try:
        reader = htip.OpReader(ops)
        made: Release | None = None
        told: list[Told] = []
        for count in range(MAX_BATCHES + 1):
            start = reader.next()
            if start is None:
                break
            if count == MAX_BATCHES:
                raise FormatError(f"more than {MAX_BATCHES:,} batches", 0)
            base, result = _start(start)
            made = _Batch(old, base).run(reader, told)
            if made.digest != result:
                raise FormatError("they make another release than they say", 0)
            old = made
    except FormatError as error:
        raise broken(error.message) from None
    except WrongBase:
        raise
    except SourceError as error:
        raise broken(error.message) from None
    except UnicodeError:
        raise broken("a text that is not UTF-8") from None
    if made is None:
        raise broken("there is no batch")
    return made, tuple(told)


def first_and_last(ops: bytes) -> tuple[bytes, bytes]:
    """The base of the first batch and the result of the last."""
    found: tuple[bytes, bytes] | None = None
    try:
        reader = htip.OpReader(ops)
        while (op := reader.next()) is not None:
            if op[0] == htip.BATCH_START:
                base, result = _start(op)
                found = (base if found is None else found[0]), result
    except FormatError as error:
        raise broken(error.message) from None
    if found is None:
        raise broken("there is no batch")
    return found


def _start(op: tuple[int, int, bytes]) -> tuple[bytes, bytes]:
    if op[0] != htip.BATCH_START or op[1] or len(op[2]) != 64:
        raise FormatError("a batch begins with BATCH_START and two digests", 0)
    return op[2][:32], op[2][32:]


class _Batch:
    """One batch on its way. What it makes is put into place by whoever holds the release."""

    def __init__(self, old: Release | None, base: bytes) -> None:
        if base != NOTHING and (old is None or old.digest != base):
            raise WrongBase("the operations are for another release than the one that is here", hint=HINT)
        self.is_full = base == NOTHING
        self.old = old
        self.base: tuple[Rule, ...] = old.rules.rules if old is not None and not self.is_full else ()
        self.paths = sorted(old.files) if old is not None and not self.is_full else []
        self.rules = {rule.id: rule for rule in self.base}
        self.files: dict[str, bytes] = dict(old.files) if old is not None and not self.is_full else {}
        self.templates: list[Rule] = []
        self.left = MAX_MADE

    def run(self, reader: htip.OpReader, told: list[Told]) -> Release:
        """All operations of the batch; FormatError where there is no BATCH_COMMIT behind them."""
        done = False  # a FULL_SYNC is the only one of its batch
        while (op := reader.next()) is not None:
            code, flags, data = op
            if code == htip.BATCH_COMMIT:
                if flags or data:
                    raise FormatError("BATCH_COMMIT has no payload", 0)
                if self.is_full and not done:
                    raise FormatError("a batch without a base has one FULL_SYNC", 0)
                return Release(rules=RuleSet.of(self.rules.values()), files=self.files).after(self.old)
            if self.is_full and (done or code != htip.FULL_SYNC):
                raise FormatError("a batch without a base has one FULL_SYNC", 0)
            done = True
            if len(self.templates) > MAX_RULES:
                raise FormatError(f"more than {MAX_RULES:,} templates", 0)
            payload = Payload(data)
            named = self._do(code, flags, payload)
            payload.end()
            told += [Told(op=NAMES[code - 1], subject=subject) for subject in named]
        raise FormatError("the stream ends inside a batch", reader.offset)

    def _do(self, code: int, flags: int, payload: Payload) -> list[str]:
        """One operation; the rules and files that it is about."""
        if code == htip.FULL_SYNC and self.is_full and not flags:
            return self._everything(payload)
        if code == htip.TEMPLATE_DEFINE and not flags:
            return self._define(payload)
        if code == htip.INSTANTIATE and flags == OWN:
            return self._own(payload)
        if code == htip.INSTANTIATE and not flags & ~(HEAD | TEXT):
            return [self._instantiate(flags, payload)]
        if code == htip.PATCH_TEXT and not flags & ~KIND:
            return [self._text(flags, payload)]
        if code == htip.PATCH_META and not flags & ~KIND:
            rule = self._rule(payload.number(len(self.base)))
            return [self._put(with_head(rule, self._patched(flags, head_of(rule), payload.rest())))]
        if code == htip.PATCH_META and not flags & ~(KIND | FILE):
            path = self._path(payload.number(len(self.paths)))
            self.files[path] = self._patched(flags & KIND, self.files[path], payload.rest())
            return [path]
        if code == htip.PATCH_META and flags == FILE | NEW:
            return [self._new_file(payload.counted(), payload.rest())]
        if code == htip.REMOVE and flags == FILE:
            gone = [self._path(at) for at in payload.runs(len(self.paths))]
            for path in gone:
                del self.files[path]
            return gone
        if code == htip.REMOVE and not flags:
            removed = [self._rule(at).id for at in payload.runs(len(self.base))]
            for rule_id in removed:
                del self.rules[rule_id]
            return removed
        if code == htip.ADD_SECTION and not flags:
            return [self._section(payload)]
        if code == htip.REORDER and not flags:
            return self._reorder(payload)
        raise FormatError(f"{htip.OPS[code - 1]} cannot stand here with flags {flags}", 0)

    # What each does

    def _everything(self, payload: Payload) -> list[str]:
        for rule in from_drv(payload.counted()):
            self.rules[rule.id] = replace(rule, span=NOWHERE)
        while not payload.is_read:
            self._new_file(payload.counted(), payload.counted())
        return [""]

    def _define(self, payload: Payload) -> list[str]:
        rules = from_json(payload.rest().decode()).rules
        self.templates += [replace(rule, span=NOWHERE) for rule in rules]
        return [rule.id for rule in rules]

    def _own(self, payload: Payload) -> list[str]:
        first = payload.number(len(self.templates))
        count = payload.number(len(self.templates) - first + 1)
        for rule in self.templates[first : first + count]:
            self._spend(len(rule.body))
            self._put(rule)
        return [rule.id for rule in self.templates[first : first + count]]

    def _instantiate(self, flags: int, payload: Payload) -> str:
        source = payload.number(2 * max(len(self.base), len(self.templates)))
        known = self.base if source & 1 else self.templates
        if source >> 1 >= len(known):
            raise FormatError("a rule is made of one that is not there", 0)
        rule = replace(known[source >> 1], id=payload.counted().decode())
        if flags & HEAD:
            rule = with_head(rule, self._patched(payload.take(1)[0], head_of(rule), payload.counted()))
        if flags & TEXT:
            text = self._patched(payload.take(1)[0], rule.body.encode(), payload.counted())
            rule = replace(rule, body=text.decode())
        else:
            self._spend(len(rule.body))  # no byte is copied, but each is looked at
        self.templates.append(rule)
        return self._put(rule)

    def _text(self, flags: int, payload: Payload) -> str:
        rule = self._rule(payload.number(len(self.base)))
        text = self._patched(flags, rule.body.encode(), payload.rest())
        return self._put(replace(rule, body=text.decode()))

    def _section(self, payload: Payload) -> str:
        rule = self._rule(payload.number(len(self.base)))
        text = rule.body.encode()
        at = payload.number(len(text) + 1)
        more = payload.rest()
        self._spend(len(text) + len(more))
        return self._put(replace(rule, body=(text[:at] + more + text[at:]).decode()))

    def _reorder(self, payload: Payload) -> list[str]:
        at, moved = 0, []
        while not payload.is_read:
            at += payload.number(len(self.base))
            if at >= len(self.base):
                raise FormatError("a rule that is not there is moved", 0)
            rule = self._rule(at)
            self._spend(len(rule.source.front) + len(rule.body))
            moved.append(self._put(placed(rule, payload.take(1)[0])))
        return moved

    def _new_file(self, name: bytes, data: bytes) -> str:
        path = name.decode()
        if path in self.files or len(self.files) >= MAX_FILES:
            raise FormatError("a file stands there twice, or there are too many", 0)
        self._spend(len(data))
        self.files[path] = data
        return path

    # What they share

    def _rule(self, at: int) -> Rule:
        """The rule at a place of the base, as it is by now."""
        rule = self.rules.get(self.base[at].id)
        if rule is None:
            raise FormatError("a rule that was removed is changed", 0)
        return rule

    def _path(self, at: int) -> str:
        if self.paths[at] not in self.files:
            raise FormatError("a file that was removed is changed", 0)
        return self.paths[at]

    def _put(self, rule: Rule) -> str:
        problem = fault(rule)
        if problem or (rule.id not in self.rules and len(self.rules) >= MAX_RULES):
            raise FormatError(f"rule `{rule.id}`: {problem or 'one too many'}", 0)
        self.rules[rule.id] = rule
        return rule.id

    def _patched(self, kind: int, old: bytes, change: bytes) -> bytes:
        made = patched(kind, old, change, self.left)
        self._spend(len(made))
        return made

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise FormatError(f"they make more than {MAX_MADE:,} bytes", 0)
