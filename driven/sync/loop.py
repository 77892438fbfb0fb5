"""The watch: wait, let a burst end, look whether anything really changed, sync once, tell what came of it.

The main thread alone syncs and tells; watchdog's threads and signal handlers only put a word into its queue. Nothing
wakes an idle watch: the wait has no end of its own unless the last sync failed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue

from driven import __version__, pipeline
from driven.core.ledger import settled_summary
from driven.core.state import CHANGED, DONE, FAILED, QUIET, STOP, SYNC, AtomicSync
from driven.errors import DrivenError, ProjectError
from driven.frozen import replace
from driven.model.diagnostic import Diagnostic, of_error
from driven.model.plan import Keep, SyncReport
from driven.project.config import read_config
from driven.project.disk import CHANGED as SAVED
from driven.project.disk import REMOVED
from driven.project.sources import RULES
from driven.span import Span
from driven.sync.events import Cured, Event, Problem, Stopped, Synced, Watching
from driven.sync.folders import wanted
from driven.sync.observing import Observing
from driven.sync.others import Git, is_writing
from driven.sync.outputs import Outputs
from driven.sync.own import Own
from driven.sync.pace import Burst
from driven.sync.published import published

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.streaming.feed import RuleFeed

WAKE = "\0"  # no path has a NUL
LOST = ""
AGAIN = 5  # times in a row that a sync is run once more because folders appeared while it ran
PATIENT = 5  # syncs in a row that somebody saves a file in: then it is told
SHORT = 0.02  # seconds between two looks at what another program holds
POLITE = 1.0  # seconds that another driven may write before it is worth a word
PEACE = 1.0  # seconds without a change, after which there is time for `rest`
TIRED = 30  # syncs in a row, after which there must be
FIRST_RETRY, LAST_RETRY = 1.0, 30.0  # seconds
MAY_STOP = ("reading rules", "emitting", "writing")  # the stages before which nothing is written yet

Tell = Callable[[Event], None]
Wrong = dict[tuple[str, str, str, int], Problem]
"""What is wrong now: by code, path, message, and a number where several are alike. Not by line: a line that is written
above a mistake neither cures it nor makes another."""


class Watch:
    """One project, watched. `run` returns after `stop`; it changes the working folder to the root. `rest` is called
    some time after a sync, for what must not delay one. Every sync publishes its rules into `feed`."""

    def __init__(
        self, root: str, tell: Tell, *, poll: bool = False, rest: Callable[[], None] = lambda: None,
        feed: RuleFeed | None = None,
    ) -> None:  # fmt: skip
        self.root = root
        self._tell = tell
        self._rest, self._feed = rest, feed
        self._queue: SimpleQueue[str] = SimpleQueue()
        self._observing = Observing(self._changed, tell, poll=poll)
        self.state = AtomicSync()
        self._git = Git(root)
        self._session = pipeline.Session(root)
        self._stopping = False
        self._quiet = 0.075  # seconds
        self._scope: tuple[int, tuple[str, ...]] | None = None  # rules and editors, once a sync has run
        self._outputs = Outputs(root)
        self._wrong: Wrong = {}
        self._own = Own(root)
        self._pause: float | None = None  # seconds until the next try, None when the last one went well
        self._syncs = 0
        self._tired = 0  # syncs since the last `rest`
        self._again = 0
        self._hinted = False  # whether the last sync looked at no more outputs than it was told of
        self._met = 0  # syncs in a row that somebody saved a file in, at the very moment it was to be written

    def stop(self) -> None:
        """End the watch: at once, or when the sync that writes now has ended. Safe in a signal handler."""
        self._stopping = True
        self._queue.put(WAKE)  # and not into `state`: a handler may run while this thread holds its lock

    def run(self) -> None:
        """Sync, then watch until `stop`. Whatever is wrong with the project is told, and waited for to be cured."""
        began = time.monotonic()
        try:
            with suppress(OSError):  # the sync tries once more, and tells
                self._arm()
            self.state.feed(CHANGED)
            self._turn(set())
            if not self._stopping:
                rules, editors = self._scope or (0, ())
                folders, polling = len(self._observing), self._observing.polling
                self._tell(Watching(rules=rules, editors=editors, folders=folders, polling=polling))
            while not self._stopping:
                causes = self._wait()
                if not self._stopping:
                    self._turn(causes)
        finally:
            self.state.feed(STOP)
            self._observing.close()
        self._tell(Stopped(syncs=self._syncs, seconds=time.monotonic() - began))

    def _turn(self, causes: set[str]) -> None:
        """The end of a burst: a sync, if one is due and has anything to do."""
        if not self.state.feed(QUIET) & SYNC:
            return  # what changed was there already when the last sync began
        went = True
        news = self._news(causes)
        if news or self._scope is None:
            went = self._sync(news)
            self._tired += 1
            if self._tired >= TIRED:
                self._recover()
        self.state.feed(DONE if went else FAILED)

    def _recover(self) -> None:
        self._rest()
        self._tired = 0

    def _changed(self, path: str) -> None:
        """A change, told by a thread of watchdog's. The state first: a word in the queue must find it pending."""
        self.state.feed(CHANGED)
        self._queue.put(path)

    # Waiting

    def _wait(self) -> set[str]:
        """The paths of one burst of changes, when it is over."""
        first = None
        if self._tired and (self._pause is None or self._pause > PEACE):
            first = self._next(PEACE)
            if first is None:  # whoever saves now and then does not wait for it
                self._recover()
                if self._hinted and self._session.overlooks():
                    self.state.feed(CHANGED)
                    return {LOST}
        if first is None:
            first = self._next(self._pause)
        if first is None:
            self.state.feed(CHANGED)  # for all that is known: it is time to try again
            return {LOST}
        causes = {first}
        burst = Burst(time.monotonic(), self._quiet)
        waited = False
        while not self._stopping:
            now = time.monotonic()
            left = burst.due - now
            if left <= 0:
                if self._git.is_busy():
                    if now < burst.patience:
                        waited, left = True, SHORT
                    else:
                        self._git.give_up()
                        break
                elif waited and now < burst.patience:
                    waited = False
                    burst.renew(now)  # git has just ended: what it wrote last is still on its way to us
                    continue
                else:
                    break
            word = self._next(left)
            if word is not None:
                causes.add(word)
                burst.add(time.monotonic())
        return causes

    def _next(self, seconds: float | None) -> str | None:
        """The next word of the queue; None after `seconds`."""
        try:
            return self._queue.get(timeout=seconds)
        except Empty:
            return None

    def _news(self, causes: set[str]) -> set[str]:
        """What of `causes` a sync has to look at: nothing, when all that happened is what the last one did, here or in
        another process."""
        if LOST not in causes:
            causes = {path for path in causes if path not in self._own}
        if self._pause is not None or not causes or any(path.startswith(RULES) for path in causes):
            return causes  # most often a save: no time is spent on a second look
        return set() if self._is_settled() else causes

    def _is_settled(self) -> bool:
        """Whether all stands as the last sync of any process left it, by its stats."""
        try:
            os.chdir(self.root)  # the ledger is read from there; the folder may be another one by now
        except OSError:
            return False
        return bool(settled_summary(__version__, sys.prefix, sys.path))

    # Syncing

    def _sync(self, causes: set[str]) -> bool:
        """Sync, watch the folders that this made, and tell; whether it could run. Again, after the next quiet, when a
        folder is new to us: what was done in it before it was watched has made no event."""
        self._own.clear()
        began = time.monotonic()
        wrong: Wrong = {}
        report = self._try(causes, wrong)
        if report is None and not wrong:
            return not self._stopping  # it was given up before it could find anything, right or wrong
        try:
            new = self._arm()
        except OSError as error:
            new = False
            message = f"folders cannot be watched: {(error.strerror or str(error)).lower()}"
            _note(wrong, Diagnostic(code="WCH01", severity="error", message=message, span=Span(path="")))
        self._judge(report, wrong, causes, time.monotonic() - began)
        if new and self._again < AGAIN and not self._stopping and not self._is_settled():
            self._again += 1
            self._changed(LOST)
        else:
            self._again = 0
        return not wrong or report is not None

    def _try(self, causes: set[str], wrong: Wrong) -> SyncReport | None:
        """One sync; None when it could not run, and `wrong` says why."""
        self._wait_for_writer(causes)
        if self._stopping:
            return None
        self._syncs += 1
        try:
            if not os.path.lexists(os.path.join(self.root, RULES)):
                # The way to the lock would make the folder again that somebody has just removed.
                raise ProjectError(f"`{RULES}` is missing; nothing was changed", hint="restore it; this waits for it")
            hints = None if self._scope is None else self._outputs.hints(causes)
            self._hinted = hints is not None
            report = self._session.sync(self._progress, hints)
            self._quiet = read_config(self.root).debounce_ms / 1000
        except _Stop:
            if not self._stopping:
                self._changed(LOST)
            return None
        except DrivenError as error:
            for told in of_error(error):
                _note(wrong, told)
        except Exception as error:  # our bug, or a plugin's: the watch goes on, and the person is told
            message = f"this is a bug in driven: {type(error).__name__}: {error}".splitlines()[0]
            _note(wrong, Diagnostic(code="DRV070", severity="error", message=message, span=Span(path="")), error=error)
        else:
            self._scope = report.rules, report.editors
            self._outputs.planned = {change.path for change in report.plan.changes}
            self._own.add(report)
            return self._without_saves(report)
        self._later()
        return None

    def _without_saves(self, report: SyncReport) -> SyncReport:
        """`report` without the files that somebody saved, or whose folder somebody removed, just when they were to be
        written: nothing is wrong, and one more sync will see them when the quiet comes. Told only when that never
        ends."""
        plan = report.plan
        failed = [found for found in plan.diagnostics if found.code == "DSK01"]
        met = {found.span.path for found in failed if found.message.endswith((SAVED, REMOVED))}
        self._met = self._met + 1 if met else 0
        if not met or self._met >= PATIENT:
            return report
        for path in met:
            self._changed(path)
        # And what was not written because such a file was not: both sides of a merge go together.
        changes = tuple(one for one in plan.changes if not (isinstance(one, Keep) and _is_met(one.reason)))
        left = tuple(found for found in plan.diagnostics if found.code != "DSK01" or not _is_met(found.message))
        return replace(report, plan=replace(plan, changes=changes, diagnostics=left))

    def _wait_for_writer(self, causes: set[str]) -> None:
        since = time.monotonic()
        told = False
        while not self._stopping and is_writing(self.root):
            word = self._next(SHORT)
            if word is not None:
                causes.add(word)
            if not told and time.monotonic() - since > POLITE:
                told = True
                message = "another `driven` is writing in this project; this waits for it"
                wrong = dict(self._wrong)
                _note(wrong, Diagnostic(code="WCH02", severity="error", message=message, span=Span(path="")))
                self._say(wrong)

    def _progress(self, what: str, _done: int, _total: int) -> None:
        if (self._stopping and what in MAY_STOP) or (what == "writing" and self._git.is_busy()):
            raise _Stop

    def _later(self) -> None:
        """Try again by itself, for what gives no event when it is cured: a full disk, a lock."""
        self._pause = min((self._pause or FIRST_RETRY / 2) * 2, LAST_RETRY)

    def _judge(self, report: SyncReport | None, wrong: Wrong, causes: Iterable[str], took: float) -> None:
        """Tell what a sync did, and what of it is wrong now or not any more."""
        if report is not None:
            for conflict in report.plan.conflicts:
                found = Diagnostic(
                    code="", severity="error", message=conflict.message, span=Span(path=conflict.path),
                    hint=conflict.hint, rule_id=conflict.rule_ids[0] if conflict.rule_ids else "",
                )  # fmt: skip
                _note(wrong, found, conflict=True)
            for diagnostic in report.plan.diagnostics:
                if diagnostic.severity == "error":
                    _note(wrong, diagnostic)
            if any(problem.diagnostic.code == "DSK01" for problem in wrong.values()):
                self._later()
            else:
                self._pause = None
            shown = sorted(path for path in causes if path and not path.startswith("\0"))
            operations = published(self._feed, self._session)
            self._tell(Synced(report=report, causes=tuple(shown), seconds=took, operations=operations))
        self._say(wrong)

    def _say(self, wrong: Wrong) -> None:
        before, self._wrong = self._wrong, wrong
        for key, problem in before.items():
            if key not in wrong:
                self._tell(Cured(diagnostic=problem.diagnostic, conflict=problem.conflict))
        for key, problem in wrong.items():
            if key not in before:
                self._tell(problem)

    # What belongs to us

    def _arm(self) -> bool:
        """Watch what is to be watched now; whether that is a folder more."""
        return self._observing.arm(wanted(self.root, self._outputs.paths()))


class _Stop(BaseException):
    """Asked to end before anything was written; or git began to write, and what was read is of two branches."""


def _is_met(why: str) -> bool:
    """Whether a file was not written because somebody saved it, or one that it waits for."""
    return why.endswith((SAVED, REMOVED)) or "it waits for `" in why or "an edit that could not be written" in why


def _note(
    wrong: Wrong, found: Diagnostic, *, conflict: bool = False,
    error: Exception | None = None,
) -> None:  # fmt: skip
    number = 0
    while (key := (found.code, found.span.path, found.message, number)) in wrong:
        number += 1
    wrong[key] = Problem(diagnostic=found, conflict=conflict, error=error)
