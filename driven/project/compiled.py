"""The rules as they were emitted last: a compiled rule set, and beside it the few that changed since it was made.

Writing all of 200 rules takes 9 ms, a third of a sync after one edit. So what is other than in `rules.drv` stands in
`rules.since`, until that is worth compiling anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from blake3 import blake3

from driven.errors import DrivenError
from driven.frozen import field, frozen
from driven.model.rule import Rule, effect_order
from driven.project.disk import STATE, Tree
from driven.project.reading import read_file

COMPILED = STATE + "/rules.drv"
SINCE = STATE + "/rules.since"
MAX_BYTES = 1 << 27
FEW = 32  # rules in `rules.since` at most, and a quarter of all: so it costs next to nothing to read and to write
_MAGIC = b"driven rules since "


@frozen(kw_only=False)
class Compiled:
    """The rules; `checksum` as the ledger keeps it; `base`, that of `rules.drv`; `since`, the ids that differ there."""

    rules: dict[str, Rule] = field(default_factory=dict)
    checksum: bytes = b""
    base: bytes = b""
    since: frozenset[str] = frozenset()


def read_compiled(root: str, checksum: bytes | None) -> Compiled:
    """The last good form of every rule; none where the files are damaged, or not those that `checksum` names."""
    from driven.format.drv import from_drv

    try:
        data, _ = read_file(os.path.join(root, COMPILED), MAX_BYTES)
        base = data[8:32]
        more = _read_since(root, base)
        found = base + _checksum(more)
        if checksum is not None and found != checksum:
            return Compiled()
        rules = {rule.id: rule for rule in from_drv(data)}
        if not more:
            return Compiled(rules, found, base)
        gone, _, changed = more.partition(b"\n")[2].partition(b"\n")
        since = gone.decode("ascii").split()
        for rule_id in since:
            rules.pop(rule_id, None)
        for rule in from_drv(changed) if changed else ():
            rules[rule.id] = rule
            since.append(rule.id)
    except (OSError, DrivenError, UnicodeDecodeError):
        return Compiled()
    return Compiled(_ordered(rules.values()), found, base, frozenset(since))


def _ordered(rules: Iterable[Rule]) -> dict[str, Rule]:
    """By id, in the order in which they were emitted: a section that they share is told apart by it."""
    return {rule.id: rule for rule in sorted(rules, key=effect_order)}


def _read_since(root: str, base: bytes) -> bytes:
    """`rules.since` where it is of this rule set; one of an earlier set is of no use, a damaged one an OSError."""
    try:
        more, _ = read_file(os.path.join(root, SINCE), MAX_BYTES)
    except FileNotFoundError:
        return b""
    if not more.startswith(_MAGIC):
        raise OSError(f"`{SINCE}` is damaged")
    return more if more.startswith(_head(base)) else b""


def _head(base: bytes) -> bytes:
    return _MAGIC + base.hex().encode() + b"\n"


def _checksum(more: bytes) -> bytes:
    return blake3(more).digest(length=24) if more else b""


def write_compiled(tree: Tree, rules: Iterable[Rule], before: Compiled | None = None) -> Compiled:
    """Write the rules; what stands on the disk then. `before`: what stood there, if it is known."""
    from driven.format.drv import to_drv
    from driven.model.rule import RuleSet

    now = _ordered(rules)
    if before is not None and before.base:
        gone = before.rules.keys() - now.keys()
        since = before.since | gone | {name for name, rule in now.items() if before.rules.get(name) is not rule}
        if len(since) <= min(FEW, len(now) // 4):
            changed = [now[name] for name in since if name in now]
            data = _head(before.base) + " ".join(sorted(since - now.keys())).encode() + b"\n"
            data += to_drv(RuleSet.of(changed)) if changed else b""
            tree.write_state(SINCE, data)
            return Compiled(now, before.base + _checksum(data), before.base, frozenset(since))
    data = to_drv(RuleSet.of(now.values()))
    tree.write_state(COMPILED, data)
    tree.remove_state(SINCE)
    return Compiled(now, data[8:32], data[8:32])
