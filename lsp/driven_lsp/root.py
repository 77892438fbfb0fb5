"""One folder that the server keeps an eye on: its view, what is open in it, its syncs. No protocol is spoken here.

Three threads share the work, so that none waits for another: `front` answers questions, `back` looks at everything
again, `writer` syncs. What one of them makes is a value that never changes; the loop alone puts it in place.
Longer than 350 lines: what is open, what is looked at and what is written hang on one another.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from driven.errors import DrivenError, ProjectError
from driven.format.text import rule_id_for
from driven.frozen import frozen, record, replace
from driven.project.sources import RULES
from driven_lsp.conflicts import Conflicts
from driven_lsp.files import FileIndex
from driven_lsp.freeing import give_back
from driven_lsp.streams import log
from driven_lsp.texts import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from concurrent.futures import Future
    from typing import Any, TypeVar

    from driven.format.merge import Take
    from driven.model.diagnostic import Diagnostic
    from driven.model.plan import Plan, SyncReport
    from driven.pipeline import Session
    from driven.validation.live import Live, Touched, View
    from driven_lsp.snapshot import Snapshot

    T = TypeVar("T")

IDLE = 0.3  # seconds without an edit, after which everything is looked at again
LATEST = 2.0  # seconds after which it is, whoever goes on typing
MAX_BYTES = 2 << 20  # of a document; a larger one is told, and not looked at
PATIENCE = 20.0  # seconds that a sync waits for another program that writes here
AGAIN = 2.0  # seconds until the next look after one that failed


class Workers(ThreadPoolExecutor):
    """Threads in which nothing can end the process: what a plugin raises to that end is an error like any other."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        def work() -> T:
            try:
                return fn(*args, **kwargs)
            except (KeyboardInterrupt, SystemExit, GeneratorExit) as error:
                raise RuntimeError(f"{type(error).__name__}: {error}") from error

        return super().submit(work)


@record
class Pools:
    """The threads of one server."""

    front: ThreadPoolExecutor
    back: ThreadPoolExecutor
    writer: ThreadPoolExecutor

    @classmethod
    def make(cls) -> Pools:
        """Two that answer, one that looks, one that writes."""
        return cls(
            front=Workers(2, "driven-front"), back=Workers(1, "driven-back"), writer=Workers(1, "driven-writer"),
        )  # fmt: skip


@frozen(kw_only=False)
class Open:
    """A document that is open in an editor: its path below the root, and its text."""

    uri: str
    path: str
    text: Text

    @property
    def is_huge(self) -> bool:
        """Whether it is too large to be looked at; a letter counts as one byte."""
        return len(self.text) > MAX_BYTES


@frozen
class Told:
    """What became of a sync: the files that were written, those in conflict, and what is wrong, a line each."""

    written: tuple[str, ...]
    conflicts: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float

    @property
    def message(self) -> str:
        """One line for a person."""
        if self.problems:
            return self.problems[0]
        if self.conflicts:
            more = f" and {len(self.conflicts) - 1} more" if len(self.conflicts) > 1 else ""
            return f"in conflict: {self.conflicts[0]}{more}"
        if not self.written:
            return "every editor's files are up to date"
        files = "1 file" if len(self.written) == 1 else f"{len(self.written)} files"
        return f"{files} written in {self.seconds * 1000:.0f} ms"


class Root:
    """One folder. `changed` is called in the loop whenever there is something new to show."""

    def __init__(self, path: str, pools: Pools, changed: Callable[[Root], None], *, trusted: bool = True) -> None:
        self.path = path
        self.name = os.path.basename(path) or path
        self.files = FileIndex(path, self._files_came)
        self._loop: asyncio.AbstractEventLoop | None = None  # since the first look
        self.trusted = trusted
        self.view: View | None = None
        self._outline: View | None = None  # until there is a view
        self._sketched = asyncio.Event()  # it was made, or cannot be
        self._early = 0  # questions that wait for no more
        self.plan: Plan | None = None
        self.held: tuple[str, ...] = ()  # the rules whose mistakes hold them back, as they are saved
        self.problem = ""  # why the last sync could not run
        self.open: dict[str, Open] = {}  # by path
        self._clean: dict[str, str] = {}  # path -> the text that was last opened or saved, as it stood on the disk
        self.decided: dict[str, tuple[Take, bytes | None]] = {}  # path -> side taken, of what text
        self._pools = pools
        self._changed = changed
        self._live: Live | None = None
        self._session: Session | None = None
        self._session_lock = threading.Lock()  # `back` looks with it, `writer` writes
        self._touched: dict[str, tuple[View, Text, Touched]] = {}
        self._base: Snapshot | None = None
        self._conflicts: tuple[object, object, Conflicts] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._again = False
        self._waiting_since = 0.0  # when the first edit came that no look has seen
        self._news = 0  # edits and changes on the disk
        self._looked = -1  # how many of them the view has seen
        self._took = 0.0  # seconds of the last look at everything
        self.seen_ns = 0  # when the last look began, as the clock of the disk has it
        self.closed = False

    @property
    def is_managed(self) -> bool:
        """Whether there is a `.driven/`."""
        return os.path.isdir(os.path.join(self.path, ".driven"))

    def close(self) -> None:
        """Look no more: the folder is no part of the workspace."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()

    # Documents

    def put(self, document: Open) -> None:
        """A document was opened or edited."""
        self.open[document.path] = document
        self.soon()

    def move(self, path: str, root: Root, there: str) -> None:
        """A document belongs to another root now, at the path `there` of it."""
        document, clean = self.open[path], self._clean.get(path)
        self.drop(path)
        if clean is not None:
            root._clean[there] = clean
        root.put(replace(document, path=there))

    def opened(self, path: str) -> None:
        """A document was opened: it is clean when it says what stands on the disk."""
        document = self.open.get(path)
        if document is not None and not self._differs(document):
            self._clean[path] = document.text.text

    def saved(self, path: str) -> None:
        """A document was saved."""
        if path in self.open:
            self._clean[path] = self.open[path].text.text
        self.on_disk((path,))

    def is_saved(self, path: str) -> bool:
        """Whether an open document says what stands on the disk."""
        return path in self.open and not self._differs(self.open[path])

    def drop(self, path: str) -> None:
        """A document was closed: the disk counts again."""
        self._clean.pop(path, None)
        if self.open.pop(path, None) is not None:
            self._touched.pop(path, None)
            self.soon()

    def on_disk(self, paths: Collection[str] = ()) -> None:
        """Files changed on the disk; without paths, nobody knows which."""
        self.files.changed()
        self.soon(0.1)

    def _files_came(self) -> None:
        """The list of files that the last look had is not the one of now. Called in a thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self.soon, 0.1)

    # Answers

    async def ask(self, question: Callable[[Snapshot], T], *, whole: bool = False, early: bool = False) -> T:
        """What a feature says of the folder as it is now, from a thread. Cancelled, it stops at its next look.

        What hangs on every rule together, and on what all of them emit, may be as old as the last look at everything;
        with `whole` it is not, and the answer takes as long. With `early` the first look is not waited for: the rules
        and the editors are known, the files that hold rules are not yet."""
        if early and self.view is None:
            self._early += 1
            try:
                self._look()
                await self._sketched.wait()
                if self._outline is not None:
                    return await self._ask(question)
            finally:
                self._early -= 1
        await self.ready()
        wanted = self._news
        while whole and self._looked < wanted:
            await asyncio.shield(self._look())
        return await self._ask(question)

    async def _ask(self, question: Callable[[Snapshot], T]) -> T:
        loop = asyncio.get_running_loop()
        gone = False

        def work() -> T:
            return question(self.snapshot(lambda: gone))

        try:
            return await loop.run_in_executor(self._pools.front, work)
        except asyncio.CancelledError:
            gone = True
            raise

    def snapshot(self, stopped: Callable[[], bool] = lambda: False) -> Snapshot:
        """The folder now. In a thread of `front`: what was edited is looked at first."""
        from driven_lsp.snapshot import Snapshot

        view = self.view or self._outline
        assert view is not None
        touched = {path: found for path, one in list(self.open.items()) if (found := self.touch(one)) is not None}
        made = Snapshot(view, self.files, touched=touched, plan=self.plan, trusted=self.trusted, stopped=stopped)
        base = self._base
        if base is not None and base.view is view:
            made.take_outputs(base)
        self._base = made
        return made

    def touch(self, document: Open) -> Touched | None:
        """What is found in a document that is open; None for one that is too large, or before the first look."""
        view, live = self.view or self._outline, self._live
        if view is None or live is None or document.is_huge:
            return None
        known = self._touched.get(document.path)
        if known is not None and known[0] is view and known[1] is document.text:
            return known[2]
        self._touched.pop(document.path, None)  # two of a long file need not stand side by side
        del known
        data = document.text.text.encode("utf-8", "replace")
        old = view.documents.get(document.path)
        found = live.touch(view, document.path, data)
        if old is not None and old.data == data:
            found.told = view.told.get(document.path, ())
        self._touched[document.path] = (view, document.text, found)
        return found

    @property
    def is_looked_at(self) -> bool:
        """Whether it is known how the files stand."""
        return self._looked >= 0

    @property
    def conflicts(self) -> Conflicts:
        """What is in conflict, as far as was looked."""
        plan, view, known = self.plan, self.view, self._conflicts
        if known is None or known[0] is not plan or known[1] is not view:
            known = (plan, view, Conflicts.of(plan, view.rules if view is not None else None))
            self._conflicts = known
        return known[2]

    def mistake(self, path: str) -> Diagnostic | None:
        """What holds the rule of a file back, as it is edited now; None for any other file."""
        document = self.open.get(path)
        found = self.touch(document) if document is not None else None
        if found is not None:
            return found.wrong
        held = self.view.held.values() if self.view is not None else ()
        return next((wrong for wrong in held if wrong.span.path == path), None)

    def told(self, path: str) -> tuple[Diagnostic, ...]:
        """All findings of a file: those of checks, and whether it, or the rule in it, is in conflict."""
        from driven.model.diagnostic import Diagnostic
        from driven.span import Span

        document = self.open.get(path)
        found = self.touch(document) if document is not None else None
        if document is not None and document.is_huge:
            message = f"the file is larger than {MAX_BYTES >> 20} MiB and is not looked at"
            big = Diagnostic(code="LSP01", severity="warning", message=message, span=Span(path=path))
            return (big,)
        told = found.told if found is not None else self.view.told.get(path, ()) if self.view is not None else ()
        conflicts = self.conflicts
        if path not in conflicts.files and path not in conflicts.rules:
            return told
        known = self.view.documents.get(path) if self.view is not None else None
        text = document.text.text if document is not None else known.text if known is not None else ""
        return (*conflicts.told(path, text, trusted=self.trusted), *told)

    # Looking at everything

    async def ready(self) -> None:
        """Wait for the first look."""
        while self.view is None:
            await asyncio.shield(self._look())

    def soon(self, seconds: float | None = None) -> None:
        """Something changed: look at everything again when it is quiet."""
        self._news += 1
        self._look_soon(seconds)

    def _look_soon(self, seconds: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        if self.closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        else:
            self._waiting_since = loop.time()
        # Where a look takes long, it is taken less often.
        wait = max(IDLE, 3 * self._took) if seconds is None else seconds
        latest = self._waiting_since + max(LATEST, 3 * self._took)
        self._timer = loop.call_at(min(loop.time() + wait, latest), self._begin)

    def _begin(self) -> None:
        self._timer = None
        if self._looking is not None and not self._looking.done():
            self._again = True
            return
        self._look()

    def _look(self) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._refresh())
        return self._looking

    async def _refresh(self) -> None:
        self._loop = loop = asyncio.get_running_loop()
        overlay = {path: one.text.text.encode("utf-8", "replace") for path, one in self.open.items() if not one.is_huge}
        began, began_ns = time.monotonic(), time.time_ns()
        news = self._news
        before = self.view
        try:
            if not self._sketched.is_set():
                await self._sketch(overlay)
            self.view = await loop.run_in_executor(self._pools.back, self._view, overlay, before)
            self._outline = None
            self.seen_ns = began_ns
            if before is None:
                self._tell()  # the findings first: what a sync would do takes as long again
                self._pools.front.submit(self._warm_files)
            self.plan, self.held = await loop.run_in_executor(self._pools.back, self._planned)
            self._pools.back.submit(give_back)
        except Exception:
            self._look_soon(AGAIN)
            if self.view is None:
                raise  # whoever waits for it is told
            log(f"{self.path} could not be looked at\n" + traceback.format_exc())
        self._took = time.monotonic() - began
        self._looked = news
        self._tell()
        if self._again:
            self._again = False
            self._look_soon()

    def _tell(self) -> None:
        if not self.closed:
            self._changed(self)

    async def _sketch(self, overlay: Mapping[str, bytes]) -> None:
        """Make the outline, and leave the processor to those who wait for it."""
        loop = asyncio.get_running_loop()
        with suppress(Exception):  # the look that follows meets the same, and says it
            self._outline = await loop.run_in_executor(self._pools.back, self._outlined, overlay)
        self._sketched.set()
        end = time.monotonic() + IDLE
        while self._early and time.monotonic() < end:
            await asyncio.sleep(0.005)

    def _outlined(self, overlay: Mapping[str, bytes]) -> View:
        self._pools.front.submit(self.files.files)  # git lists them while Python imports what looks
        return self._looking_at().outline(overlay, self.files.files)

    def _view(self, overlay: Mapping[str, bytes], before: View | None) -> View:
        return self._looking_at().refresh(overlay, self.files.files, before, every=self.files.every)

    def _looking_at(self) -> Live:
        if self._live is None:
            from driven.validation.live import Live

            self._live = Live(self.path, strangers=self.trusted)
        return self._live

    def _warm_files(self) -> None:
        from driven_lsp.features.completion_globs import warm

        self.files.listing().warm()
        warm(self.snapshot())

    def _planned(self) -> tuple[Plan | None, tuple[str, ...]]:
        """What a sync would do now (None where it cannot be told), and the rules that it holds back for a mistake."""
        if not self.is_managed:
            return None, ()
        try:
            with self._session_lock:
                report = self._one_session().look()
        except (DrivenError, OSError):
            return None, ()
        wrong = {one.span.path for one in report.plan.diagnostics if one.severity == "error"}
        wrong_ids = {rule_id_for(path.removeprefix(RULES + "/")) for path in wrong if path.startswith(RULES + "/")}
        return report.plan, tuple(rule_id for rule_id in report.held if rule_id in wrong_ids)

    def _one_session(self) -> Session:
        """What was loaded for one look or sync serves the next. Under the lock."""
        from driven import pipeline

        if self._session is None:
            self._session = pipeline.Session(self.path, strangers=self.trusted)
        return self._session

    # Writing

    async def sync(
        self, *, sides: Mapping[str, Take] | None = None, hints: Collection[str] | None = None
    ) -> Told:  # fmt: skip
        """Sync, as `driven sync` does; `sides` decides conflicts by path. DrivenError when it cannot run."""
        loop = asyncio.get_running_loop()
        self.may_write()
        await self.ready()  # before that, nobody knows which of the open files a sync would write
        began = time.monotonic()
        unsaved = self.unsaved()

        def work() -> SyncReport:
            from driven import pipeline
            from driven.sync.others import is_writing

            if unsaved:  # what is planned is looked at first: it may not touch any of them
                with self._session_lock:
                    planned = self._one_session().look().plan
                dirty = [change.path for change in (*planned.writes, *planned.conflicts) if change.path in unsaved]
                if dirty:
                    raise ProjectError(
                        f"`{dirty[0]}` has edits that are not saved, and a sync would write it",
                        hint="save it, and what is in it is merged with the rest; or close it without saving",
                    )
            end = time.monotonic() + PATIENCE
            while is_writing(self.path) and time.monotonic() < end:
                time.sleep(0.01)
            if sides:
                return pipeline.sync(self.path, sides=sides)
            with self._session_lock:
                session = self._one_session()
                report = session.sync(hints=hints)
                if hints is None or not session.overlooks():
                    return report
                rest = session.sync()  # an edit that was made elsewhere, or was refused before
                return replace(rest, plan=replace(rest.plan, changes=(*report.plan.writes, *rest.plan.changes)))

        try:
            report = await loop.run_in_executor(self._pools.writer, work)
        except DrivenError as error:
            self.problem = error.message
            self._changed(self)
            raise
        plan = report.plan
        problems = tuple(f"{one.span.path}: {one.message}" for one in plan.diagnostics if one.severity == "error")
        had_problem, self.problem = bool(self.problem), ""
        written = tuple(change.path for change in plan.writes)
        is_stale = self.plan is not None and bool(self.plan.writes)  # what was to be written stands there now
        if written or plan.conflicts or self.conflicts.files or had_problem or is_stale:
            self.on_disk(written)
        return Told(
            written=written, conflicts=tuple(one.path for one in plan.conflicts), problems=problems,
            seconds=time.monotonic() - began,
        )  # fmt: skip

    async def decide(self, path: str, take: str) -> Told:
        """Take the rule's side of a file (`rule`) or the edited one. A rule waits while any of its files is in
        conflict, so a decision is kept until the others are made, unless the file is edited meanwhile."""
        self.decided[path] = ("ours" if take == "rule" else "theirs", self._read(path))
        self.decided = {one: kept for one, kept in self.decided.items() if kept[1] == self._read(one)}
        told = await self.sync(sides={one: kept[0] for one, kept in self.decided.items()})
        if not told.conflicts:
            self.decided.clear()
        for one in (*told.written, *told.conflicts):
            self.decided.pop(one, None)
        return told

    def _read(self, path: str) -> bytes | None:
        try:
            with open(os.path.join(self.path, path), "rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError:
            return None

    def may_write(self) -> None:
        """ProjectError where nothing may be written, with what to do."""
        if not self.trusted:
            raise ProjectError("this folder is not trusted", hint="trust it in the editor, then run this again")
        if not self.is_managed:
            raise ProjectError(f"`{self.name}` has no `.driven` folder", hint="run `driven init` in it")

    def outputs(self) -> set[str]:
        """The files that driven writes, or has planned to."""
        outputs = {change.path for change in self.plan.changes} if self.plan is not None else set()
        if self.view is not None and self.view.emitted is not None:
            outputs |= {piece.artefact.path for piece in self.view.emitted.pieces}
        return outputs

    def unsaved(self) -> list[str]:
        """The outputs and the rules that are open with edits that are not saved. One that nobody edited is not, though
        somebody else changed its file: its editor loads it again."""
        outputs = self.outputs()
        return [
            path
            for path, one in self.open.items()
            if (path in outputs or path.startswith(RULES + "/"))
            and self._clean.get(path) != one.text.text
            and self._differs(one)
        ]

    def _differs(self, document: Open) -> bool:
        try:
            with open(os.path.join(self.path, document.path), "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except (OSError, ValueError):
            return False  # nothing stands there that could be lost
        text = document.text.text.encode("utf-8", "replace")
        return data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n") != text.replace(b"\r\n", b"\n")
