"""`driven validate --fix`: the repairs of findings, planned in memory to a fixed point, then written as one plan.

A round applies every repair that does not touch another one, and validates again what came of it. It ends when nothing
is left to repair, or when a file comes back to what it was. A repair that would bring an error that was not there
before is left out, all repairs of that code with it.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress

from driven.document.document import Document
from driven.document.places import place_of
from driven.errors import DiskError
from driven.frozen import record, replace
from driven.model.diagnostic import Diagnostic, Fix
from driven.model.plan import Create, Delete, Plan, Replace
from driven.model.report import ValidateReport
from driven.project import ledger, snapshots
from driven.project.config import CONFIG
from driven.project.disk import JOURNAL, Tree
from driven.project.sources import RULES
from driven.project.writer import Writer
from driven.validation.engine import Choice
from driven.validation.files import Folder
from driven.validation.repairs import apply_fixes as _apply
from driven.validation.repairs import is_free as _is_free
from driven.validation.validate import Loaded, load, report_of

ROUNDS = 20

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Overlay = dict[str, "bytes | None"]


@record
class Fixed:
    """What repairs came to: the changes, what they repaired, and what is found when they are written."""

    root: str
    plan: Plan
    repaired: list[Diagnostic]
    report: ValidateReport
    left_out: tuple[str, ...] = ()  # codes whose repairs would have broken something
    kept: str = ""  # the snapshot


def fix(root: str, choice: Choice, *, unsafe: bool = False, dry_run: bool = False) -> Fixed:
    """Repair what can be repaired in the folder `root`; `unsafe` repairs too when asked for. With `dry_run` nothing is
    written. DiskError when the disk refuses, or a file was changed meanwhile."""
    began = time.time_ns()
    loaded = load(root)
    fixed = plan_fixes(root, loaded, choice, unsafe=unsafe)
    if fixed.plan.writes and not dry_run:
        for change in fixed.plan.writes:  # of a rule, findings were made when it was loaded
            if change.path.startswith((RULES + "/", CONFIG)) and _changed(os.path.join(root, change.path)) > began:
                raise _meanwhile(change.path)
        fixed.kept = write_fixes(root, fixed.plan, managed=loaded.managed is not None)
    return fixed


def plan_fixes(root: str, loaded: Loaded, choice: Choice, *, unsafe: bool) -> Fixed:
    """The repairs, not written."""
    every = replace(choice, select=(), ignore=(), paths=())  # what a repair breaks may have any code
    folder = Folder(root, globs=loaded.globs)
    before = report_of(root, loaded, choice, folder=folder)
    base = folder.data  # what the findings are of: somebody may save a file while we think
    again = Folder(root, globs=loaded.globs, known=base, documents=folder.made)
    had = _errors(before if every == choice else report_of(root, loaded, every, folder=again))
    left_out: set[str] = set()
    while True:
        rounds = _Rounds(root, loaded, choice, unsafe, left_out, base)
        report = rounds.run(before)
        if not rounds.repaired or not _is_worse(rounds, every, had):
            break
        codes = {told.code for told in rounds.repaired}
        bad = set()
        for code in codes:
            alone = _Rounds(root, loaded, choice, unsafe, codes - {code}, base)
            alone.run(before)
            if _is_worse(alone, every, had):
                bad.add(code)
        left_out |= bad or codes
    return Fixed(
        root=root, plan=_plan(base, rounds.overlay), repaired=rounds.repaired, report=report,
        left_out=tuple(sorted(left_out)),
    )  # fmt: skip


def _is_worse(rounds: _Rounds, every: Choice, had: Mapping[str, int]) -> bool:
    """Whether there are more errors of some code than before. A file that another meaning was given on request, or
    another name, may show what was hidden: an editor has not read it until now. So may a rule that was none before."""
    report = rounds.look(every)
    return any(count > had.get(code, 0) for code, count in _errors(report, rounds.opened).items())


def _errors(report: ValidateReport, but: Collection[str] = ()) -> dict[str, int]:
    """How many errors there are of each code, in all files but those."""
    codes: dict[str, int] = {}
    for told in report.diagnostics:
        if told.severity == "error" and told.span.path not in but:
            codes[told.code] = codes.get(told.code, 0) + 1
    return codes


class _Rounds:
    """Repairs in memory, round by round."""

    def __init__(
        self, root: str, loaded: Loaded, choice: Choice, unsafe: bool, left_out: Collection[str],
        base: Mapping[str, bytes],
    ) -> None:  # fmt: skip
        self._base = base
        self._real: dict[str, str] = {}  # file -> the path that it is repaired by: links may lead to it, too
        self.overlay: Overlay = {}
        self.repaired: list[Diagnostic] = []
        self.opened: set[str] = set()  # files that an unsafe repair changed, and rules that could not be read
        self._root, self._loaded, self._choice = root, loaded, choice
        self._unsafe, self._left_out = unsafe, left_out
        self._seen: set[tuple[str, bytes | None]] = set()
        self._documents: Mapping[str, Document] = {}  # of the last look: what did not change is not scanned again

    def run(self, report: ValidateReport) -> ValidateReport:
        """Repair until nothing changes any more; the report at the end."""
        for _ in range(ROUNDS):
            wanted: dict[str, list[tuple[Diagnostic, Fix]]] = {}
            for told in report.diagnostics:
                if told.fix is not None and self._may(told, told.fix):
                    wanted.setdefault(told.span.path, []).append((told, told.fix))
            if not [path for path, fixes in sorted(wanted.items()) if self._repair(path, fixes)]:
                break
            report = self.look(self._choice)
        return report

    def look(self, choice: Choice) -> ValidateReport:
        """The report on the folder as it is now in memory."""
        folder = Folder(self._root, self.overlay, self._loaded.globs, self._base, documents=self._documents)
        report = report_of(self._root, self._loaded, choice, folder=folder)
        self._documents = folder.made
        return report

    def _may(self, told: Diagnostic, fix: Fix) -> bool:
        if told.code in self._left_out or not (fix.safe or self._unsafe):
            return False
        return not fix.rename or _is_free(self._root, self.overlay, fix.rename)

    def _repair(self, path: str, fixes: list[tuple[Diagnostic, Fix]]) -> bool:
        """Whether a round changed the file."""
        data = self.overlay.get(path, self._base.get(path))
        full = os.path.join(self._root, path)
        real = os.path.realpath(full)
        if os.path.islink(full) or self._real.setdefault(real, path) != path:
            return False
        if real != os.path.join(os.path.realpath(self._root), path):  # its name is another path's, too
            fixes = [(told, fix) for told, fix in fixes if not fix.rename]
        document = None if data is None else Document(path, data)
        if document is None or document.broken >= 0:  # what is no text would not come out as it was
            return False
        done, text = _apply(document, fixes)
        renames = [(told, fix.rename) for told, fix in fixes if fix.rename and (told in done or not fix.edits)]
        target = next((name for _, name in renames if _is_free(self._root, self.overlay, name)), path)
        done += [told for told, name in renames if name == target and told not in done]
        after = text.encode("utf-8", "surrogatepass")
        if (target == path and after == data) or (target, after) in self._seen:
            return False
        self._seen |= {(path, data), (target, after)}
        self.overlay[path] = None
        self.overlay[target] = after
        self.repaired += done
        if any(_opens(told) for told in done):
            self.opened.add(target)
        return True


def _opens(told: Diagnostic) -> bool:
    """Whether its repair may show mistakes that were hidden. Of a rule with an error in its front matter the rest is
    not read, and no editor gets it."""
    return (told.fix is not None and not told.fix.safe) or (told.severity == "error" and told.code.startswith("RUL"))


def _plan(base: Mapping[str, bytes], overlay: Overlay) -> Plan:
    """What must be written for the folder to hold what `overlay` says."""
    changes: list[Create | Replace | Delete] = []
    for path, after in sorted(overlay.items()):
        before = base.get(path)
        if before == after:
            continue
        if before is None:
            changes.append(Create(path=path, after=after or b""))
        elif after is None:
            changes.append(Delete(path=path, before=before))
        else:
            changes.append(Replace(path=path, before=before, after=after))
    return Plan(changes=tuple(changes))


def write_fixes(root: str, plan: Plan, *, managed: bool) -> str:
    """Carry the plan out; the snapshot that keeps what was there, "" where there is none to keep: in a folder without
    a `.driven/`, and of config.toml, which no snapshot holds. DiskError when the disk refuses."""
    with Tree(root) as tree:
        if not managed:
            with _alone(root):
                _check(tree, plan)
                _apply_plan(tree, plan, None)
            return ""
        with Writer(tree):
            ledger.prepare_state(tree)
            _check(tree, plan)
            lock = ledger.read_lock(root)
            kept = snapshots.write(tree, "validate --fix", [_change(one) for one in plan.writes if one.path != CONFIG])
            _apply_plan(tree, plan, ledger.render_lock(lock))
            return kept


def _apply_plan(tree: Tree, plan: Plan, journal: bytes | None) -> None:
    """Write, and only when all of it stands, delete: what was renamed is nowhere else."""
    deletes = [change for change in plan.writes if isinstance(change, Delete)]
    others = [change for change in plan.writes if not isinstance(change, Delete)]
    for changes in (others, deletes):
        applied = tree.apply(changes, journal)
        if journal is not None:
            tree.remove_state(JOURNAL)
        _refuse(applied.failed)


@contextmanager
def _alone(root: str) -> Iterator[None]:
    """One at a time also where there is no `.driven/` to hold a lock."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        import fcntl

        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _change(change: Create | Replace | Delete) -> snapshots.Change:
    """As the snapshot keeps it: a rule's file, or a file of an editor that stands in no lock before or after."""
    if change.path.startswith(RULES + "/"):
        return snapshots.Change(change.path, "", snapshots.SOURCE, change.before, change.after)
    editor = place_of(change.path).partition("/")[0] or "file"
    none: frozenset[str] = frozenset()
    return snapshots.Change(change.path, editor, "file", change.before, change.after, None, none, none)


def _check(tree: Tree, plan: Plan) -> None:
    for change in plan.writes:
        standing = tree.read(change.path)
        if standing.kind == "blocked" or standing.data != (change.before or b""):
            raise _meanwhile(change.path)


def _meanwhile(path: str) -> DiskError:
    return DiskError(f"`{path}` was changed meanwhile", hint="run `driven validate --fix` again")


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_ctime_ns
    except OSError:
        return 0


def _refuse(failed: Mapping[str, str]) -> None:
    for path, why in failed.items():
        raise DiskError(f"`{path}` {why}", hint="the other files are written; run `driven validate` again")
