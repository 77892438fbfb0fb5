"""Artefacts and what stands on disk -> Plan. Pure: the one classifier of drift serves sync, --check and status.

Where two editors write one path they must agree: whole files byte for byte, else the plan fails naming both. Sections
and list entries of several editors share a file; what stands around them is a person's and is kept to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from types import MappingProxyType

from driven.errors import PlanError, SourceError
from driven.format.hashes import digest
from driven.format.parts import ownership_of, put_part, read_part, take_part
from driven.frozen import field, frozen, replace
from driven.model.artefact import ListEntry, Outside, Piece, WholeFile
from driven.model.plan import Change, Conflict, Create, Delete, Drift, Keep, Lock, Owned, Plan, Replace, Standing


@frozen(kw_only=False)
class Planned:
    """A plan, the lock lines it decides on, and what `outputs.lock` says of those once it is applied."""

    plan: Plan
    decided: frozenset[Owned] = frozenset()
    lock: dict[Owned, frozenset[str]] = field(default_factory=dict)


def classify(now: bytes | None, wanted: bytes | None, ours: frozenset[str]) -> Drift:
    """What stands there (None: nothing), against what shall stand there and what we wrote before."""
    if now is None:
        return "absent"
    if now == wanted:
        return "same"
    if b"\r" in now and b"\r\n" in now and digest(now) not in ours:  # git's core.autocrlf made it so: nobody edited it
        now = now.replace(b"\r\n", b"\n")
        if now == wanted:
            return "same"
    if not ours:
        return "foreign"
    return "ours" if digest(now) in ours else "edited"


def make_plan(
    by_path: Mapping[str, Sequence[Piece]],
    gone: Sequence[Owned],
    standing: Mapping[str, Standing],
    lock: Lock,
    *,
    force: Callable[[str], bool] = lambda _path: False,
    held: Mapping[str, str] = MappingProxyType({}),
    untouched: Set[str] = frozenset(),
) -> Planned:
    """Decide each path of `by_path` (what `group_by_path` answers) and of `gone`, the lock lines that no rule gives any
    more; `standing` covers them all. `force`: whether a path is written over,
    whoever edited it. `held`: rules that wait, and the path in conflict for which they do. `untouched`:
    paths that stand as this machine left them, whatever a lock of another branch says.
    """
    gone_by_path: dict[str, list[Owned]] = {}
    for owned in gone:
        gone_by_path.setdefault(owned[0], []).append(owned)
    changes: list[Change] = []
    after: dict[Owned, frozenset[str]] = {}
    for path in sorted({*by_path, *gone_by_path}):
        pieces = by_path.get(path, ())
        if len(pieces) == 1 and standing[path].kind == "absent" and not pieces[0].is_shared:
            changes.append(_first(pieces[0], after))  # nearly all of a first sync, and nothing to decide
            continue
        decision = _Decision(path, pieces, gone_by_path.get(path, []), lock, path in untouched)
        changes.append(decision.make(standing[path], force(path)))
        after.update(decision.after)
    decided = frozenset((*(piece.owned for pieces in by_path.values() for piece in pieces), *gone))
    return Planned(Plan(changes=tuple(_hold_back(changes, after, lock, held))), decided, after)


def _first(piece: Piece, after: dict[Owned, frozenset[str]]) -> Create:
    artefact = piece.artefact
    text = artefact.text.encode()
    after[piece.owned] = frozenset((digest(text),))
    return Create(path=artefact.path, after=text, editors=(piece.editor,), rule_ids=artefact.rule_ids)


def fold(path: str) -> str:
    """What two paths have in common that are one file on a disk that ignores case or Unicode form."""
    if path.isascii():
        return path.casefold()
    from unicodedata import normalize

    return normalize("NFC", path).casefold()


def group_by_path(pieces: Iterable[Piece]) -> dict[str, list[Piece]]:
    """The pieces of each path. PlanError where two cannot both be there, or where two paths are one on some disks."""
    by_path: dict[str, list[Piece]] = {}
    folded: dict[str, Piece] = {}
    for piece in pieces:
        path = piece.artefact.path
        others = by_path.get(path)
        if others is None:
            _check_path(path, piece)
            by_path[path] = [piece]
            first = folded.setdefault(fold(path), piece)
            if first is not piece:
                raise PlanError(
                    f"`{first.artefact.path}` ({_who(first)}) and `{path}` ({_who(piece)}) are one file on some disks",
                    hint="rename one of the rules: the names differ only in case or Unicode form",
                )
        else:
            for other in others:
                _check_pair(other, piece)
            others.append(piece)
    return by_path


def _check_path(path: str, piece: Piece) -> None:
    parts = path.split("/")
    if "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise PlanError(f"{_who(piece)} would write `{path}`, which is not a path inside the project")
    if parts[0].casefold() == ".driven" or any(part.casefold() == ".git" for part in parts):
        raise PlanError(
            f"{_who(piece)} would write `{path}`: no editor's files stand in `{parts[0]}/`",
            hint="correct the editor's options in .driven/config.toml, or `$path` in the rule's `extra`",
        )


def _check_pair(one: Piece, two: Piece) -> None:
    a, b = one.artefact, two.artefact
    whole = [isinstance(artefact.ownership, WholeFile) for artefact in (a, b)]
    if all(whole):
        if one.editor != two.editor and a.text == b.text:
            return
        what = "two rules give one file" if one.editor == two.editor else "two editors want different text there"
    elif any(whole):
        what = "one wants the whole file, the other a part of it"
    elif one.owned[2] == two.owned[2] and (one.editor == two.editor or a.text != b.text):
        what = "both write the same part of it"
    else:
        return
    raise PlanError(
        f"`{a.path}`: {what}: {_who(one)} and {_who(two)}",
        hint="rename one of the rules, or give one of them `targets` that leave an editor out",
    )


def _who(piece: Piece) -> str:
    ids = piece.artefact.rule_ids
    if len(ids) > 3:
        return f"{piece.editor} ({len(ids)} rules)"
    rules = ", ".join(f"`{rule_id}`" for rule_id in ids)
    return f"{piece.editor} (rule {rules})" if rules else piece.editor


class _Decision:
    """One path on its way to a change: our parts are put into, or taken out of, what stands there, one by one."""

    def __init__(
        self, path: str, pieces: Sequence[Piece], gone: list[Owned], lock: Lock, untouched: bool = False
    ) -> None:
        self.path = path
        self.pieces = pieces
        self.gone = gone
        self.lock = lock
        self.untouched = untouched
        self.after: dict[Owned, frozenset[str]] = {}
        self.editors = tuple(dict.fromkeys([*(p.editor for p in pieces), *(owned[1] for owned in gone)]))
        self.rule_ids = tuple(dict.fromkeys(i for p in pieces for i in p.artefact.rule_ids))

    def make(self, standing: Standing, force: bool) -> Change:
        if standing.kind == "blocked" and not self.pieces and standing.note == "is not a file":
            return Keep(path=self.path, editors=self.editors)  # what we wrote there is gone
        if standing.kind == "blocked":
            return self._blocked(standing, "move it away, then run `driven sync` again")
        before = standing.data if standing.kind == "file" else None
        try:
            wanted, worst, inserted = self._edit(before)
        except SourceError as error:
            return self._conflict("edited", standing, None, error.message, error.hint)
        if worst in ("edited", "foreign") and not force:
            return self._conflict(worst, standing, wanted, *_explain(worst, bool(self.pieces), wanted is None))
        forced = worst in ("edited", "foreign")
        path, editors, rule_ids = self.path, self.editors, self.rule_ids
        if wanted == before:
            return Keep(path=path, editors=editors, rule_ids=rule_ids)
        if standing.note:
            return self._blocked(standing, "make it writable, then run `driven sync` again")
        if wanted is None or not self.pieces:
            return Delete(path=path, editors=editors, before=before or b"", after=wanted, forced=forced)
        if before is None or inserted:
            return Create(path=path, editors=editors, rule_ids=rule_ids, after=wanted, before=before)
        return Replace(path=path, editors=editors, rule_ids=rule_ids, after=wanted, before=before, forced=forced)

    def _edit(self, before: bytes | None) -> tuple[bytes | None, Drift, bool]:
        """What shall stand there, the worst drift met on the way, and whether a part was new to a file that stands."""
        wanted = before
        drifts: list[Drift] = ["same"]
        # What a person wrote stands first: sections are put below it.
        for piece in sorted(self.pieces, key=lambda piece: not isinstance(piece.artefact.ownership, Outside)):
            text = piece.artefact.text.encode()
            ownership = piece.artefact.ownership
            now = None if wanted is None else read_part(ownership, wanted, text)
            drift = self._drift(now, text, piece.owned)
            if drift != "same":
                wanted = put_part(ownership, wanted, text)
            drifts.append(drift)
            listed = drift == "same" and isinstance(ownership, ListEntry) and piece.owned not in self.lock
            if listed and before != put_part(ownership, None, text):
                continue  # a person listed it, in a file of theirs: it is not ours to take away later
            self.after[piece.owned] = frozenset((digest(text),))
        for owned in self.gone:
            if self.pieces and owned[2] == "file":
                continue  # the whole file is another editor's now
            ownership, text = ownership_of(owned[2])
            now = None if wanted is None else read_part(ownership, wanted, text)
            if wanted is not None and now is not None:
                drifts.append(self._drift(now, None, owned))
                wanted = take_part(ownership, wanted, text)
        order: tuple[Drift, ...] = ("foreign", "edited", "ours", "absent", "same")
        return wanted, next(drift for drift in order if drift in drifts), "absent" in drifts and "ours" not in drifts

    def _drift(self, now: bytes | None, wanted: bytes | None, owned: Owned) -> Drift:
        drift = classify(now, wanted, self.lock.get(owned, frozenset()))
        return "ours" if self.untouched and drift in ("edited", "foreign") else drift

    def _blocked(self, standing: Standing, hint: str) -> Conflict:
        """A place that is not written to whatever it holds; the rule's files elsewhere do not wait for it."""
        return replace(self._conflict("foreign", standing, None, f"it {standing.note}", hint), holds=False)

    def _conflict(self, drift: Drift, standing: Standing, wanted: bytes | None, message: str, hint: str) -> Conflict:
        owned = [*(piece.owned for piece in self.pieces), *self.gone]
        self.after = {one: self.lock[one] for one in owned if one in self.lock}
        return Conflict(
            path=self.path, drift=drift, before=standing.data, after=wanted, message=message, hint=hint,
            editors=self.editors, rule_ids=self.rule_ids,
        )  # fmt: skip


def _explain(drift: Drift, has_rules: bool, deletes: bool) -> tuple[str, str]:
    if drift == "edited" and not has_rules:
        return (
            "no rule gives this any more, but it was edited since it was written",
            "put what you want to keep into a rule; then delete it, or `driven sync --force` does (it is kept)",
        )
    if drift == "edited":
        return (
            "edited since it was written",
            "`driven sync --adopt` takes the edit into its rule, `driven sync --force` overwrites it (and keeps it)",
        )
    return (
        "a file that `driven` did not write stands here",
        "rename it and `driven import` makes a rule of it; `driven sync --force` overwrites it (a snapshot keeps it)",
    )


def _hold_back(
    changes: list[Change], after: dict[Owned, frozenset[str]], lock: Lock, waits: Mapping[str, str]
) -> Iterable[Change]:
    """A conflict holds back its own rule everywhere: files of that rule alone stay as they are in every editor."""
    held = dict(waits)
    held |= {c.rule_ids[0]: c.path for c in changes if isinstance(c, Conflict) and c.holds and len(c.rule_ids) == 1}
    for change in changes:
        if isinstance(change, Create | Replace) and len(change.rule_ids) == 1 and change.rule_ids[0] in held:
            for owned in [owned for owned in after if owned[0] == change.path]:
                del after[owned]
                if owned in lock:
                    after[owned] = lock[owned]
            yield Keep(
                path=change.path, editors=change.editors, rule_ids=change.rule_ids,
                reason=f"held back: `{held[change.rule_ids[0]]}` is in conflict",
            )  # fmt: skip
        else:
            yield change
