"""A watch on the screen: a quiet line for how things are, a lasting one for what happened; or lines of JSON."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, assert_never

from driven import __version__
from driven.cli.render import Output
from driven.cli.text import count, safe_line, seconds, shorten
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Keep, SyncReport
from driven.sync.events import Cured, Event, Polling, Problem, Stopped, Synced, Watching

_FEW = 2  # files that a line names before it counts them
_BACK = "\r\x1b[2K"  # to the start of the line, and clear it


class Screen:
    """Shows events to a person. On a terminal the last line is the status, written over again and again."""

    def __init__(self, out: Output, root: str) -> None:
        self._out = out
        self._root = root
        self._live = out.terminal and not out.quiet and os.environ.get("TERM") != "dumb"
        self._scope = ""
        self._began = False  # the line says `watching`, so it waits until that is true
        self._last = ""
        self._wrong: dict[str, int] = {"error": 0, "conflict": 0}
        self._polling = False

    def tell(self, event: Event) -> None:
        """Show one event."""
        out = self._out
        if self._live:
            out.raw(_BACK)
        match event:
            case Watching():
                self._watching(event)
            case Synced():
                self._synced(event)
            case Problem():
                self._wrong[_kind(event.conflict)] += 1
                self._problem(event)
            case Cured():
                self._wrong[_kind(event.conflict)] -= 1
                out.note((f"{_clock()} ", "dim"), ("cured: ", "bold green"), _named(event.diagnostic))
            case Polling():
                self._polling = True
                out.line(("warning:", "bold yellow"), f" {event.reason}", error=True)
                out.line("  ", ("hint:", "cyan"), f" {event.hint}", error=True)
            case Stopped():
                out.note(f"stopped after {count(event.syncs, 'sync')}")
            case _:
                assert_never(event)
        if self._live and self._began and not isinstance(event, Stopped):
            out.raw(self._status())
        _flush()

    def _watching(self, event: Watching) -> None:
        self._began = True
        self._scope = self._scope or self._scoped(event.rules, len(event.editors))
        if not self._live:
            how = f", every second ({count(event.folders, 'folder')})" if event.polling else ""
            self._out.note(f"watching {self._scope}{how}; Ctrl-C ends it")

    def _synced(self, event: Synced) -> None:
        report, out = event.report, self._out
        self._scope = self._scoped(report.rules, len(report.editors))
        files = len(report.plan.writes)
        if files:
            what = [_cause(event), f" {out.glyph('arrow')} {count(files, 'file')} in {seconds(event.seconds)}"]
            self._last = f"{_clock()} {''.join(what)}"
            out.note((f"{_clock()} ", "dim"), what[0], (what[1], "dim"))
        if event.operations and event.operations[0].subject:  # not the rules that were there at the start
            changed = len({one.subject for one in event.operations})
            told = shorten(", ".join(map(str, event.operations)), out.width - 20)
            out.note(f"{count(changed, 'rule')} changed: {safe_line(told)}")
        if out.verbose or any(isinstance(change, Keep) and change.reason for change in report.plan.changes):
            from driven.cli.render_plan import show_changes

            show_changes(out, report.plan)
        from driven.cli.render_findings import show_findings

        if not out.quiet:
            said = (found for found in report.plan.diagnostics if found.severity != "error")
            show_findings(out, said, self._root, error=True)
        if report.kept_copies:
            out.note(f"what was overwritten is kept in {report.kept_copies}")

    def _problem(self, event: Problem) -> None:
        out, found = self._out, event.diagnostic
        if event.conflict:
            out.line(("conflict:", "bold red"), f" {found.span.path}: {found.message}", error=True)
            if found.hint:
                out.line("  ", ("hint:", "cyan"), f" {found.hint}", error=True)
            return
        from driven.cli.render_findings import show_error, show_finding

        if found.span.path:
            show_finding(out, found, self._root, error=True)
        else:
            hint = found.hint or (_report(event.error, self._root) if event.error else "")
            show_error(out, found.message, hint=hint)

    def _scoped(self, rules: int, editors: int) -> str:
        return f"{count(rules, 'rule')} {self._out.glyph('arrow')} {count(editors, 'editor')}"

    def _status(self) -> str:
        out = self._out
        dot = f" {out.glyph('dot')} "
        wrong = [count(n, kind) for kind, n in self._wrong.items() if n > 0]
        # What is wrong comes first: a narrow terminal cuts off the end.
        parts = [*wrong, f"watching {self._scope}", *([self._last] if self._last else [])]
        if self._polling:
            parts.append("every second")
        text = safe_line(shorten(dot.join(parts), out.width - 1))
        return f"\x1b[{'31' if wrong else '2'}m{text}\x1b[0m" if out.color else text


class Lines:
    """Prints each event as one JSON object on a line of its own, at once."""

    def __init__(self, out: Output, root: str) -> None:
        self._out = out
        self._root = root

    def tell(self, event: Event) -> None:
        """Print one event."""
        import json

        self._out.raw(json.dumps(self._data(event)) + "\n")
        _flush()

    def _data(self, event: Event) -> dict[str, Any]:
        from driven.cli import data

        match event:
            case Watching():
                return _line("watching") | {
                    "schema": "driven.sync.watch/1", "version": __version__, "root": self._root, "rules": event.rules,
                    "editors": list(event.editors), "folders": event.folders, "polling": event.polling,
                }  # fmt: skip
            case Synced(report=report):
                return _line("synced") | {
                    "causes": list(event.causes), "seconds": round(event.seconds, 6), "rules": report.rules,
                    "editors": list(report.editors), "held": list(report.held), "kept_copies": report.kept_copies,
                    "changes": _changes(report), "diagnostics": data.diagnostics(report.plan.diagnostics),
                    "operations": _operations(event),
                }  # fmt: skip
            case Problem() | Cured():
                found = data.diagnostic(event.diagnostic)
                if isinstance(event, Problem) and event.error is not None:
                    found["hint"] = _report(event.error, self._root)
                name = "problem" if isinstance(event, Problem) else "cured"
                return _line(name) | {"conflict": event.conflict, "diagnostic": found}
            case Polling():
                return _line("polling") | {"reason": event.reason, "hint": event.hint, "seconds": event.seconds}
            case Stopped():
                return _line("stopped") | {"syncs": event.syncs, "seconds": round(event.seconds, 3)}
            case _:
                assert_never(event)


def _line(event: str) -> dict[str, Any]:
    now = time.time_ns()
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1_000_000_000))
    return {"event": event, "at": f"{moment}.{now // 1_000_000 % 1000:03d}Z"}


def _changes(report: SyncReport) -> list[dict[str, Any]]:
    from driven.cli import data

    return [data.change(c, diff=False) for c in report.plan.changes if not isinstance(c, Keep) or c.reason]


def _operations(event: Synced) -> list[dict[str, Any]]:
    return [{"operation": one.op, "rule": one.subject} for one in event.operations]


def _cause(event: Synced) -> str:
    """`errors.md`, `errors.md and api.md`, `12 files`: what the person changed."""
    names = [path.removeprefix(".driven/rules/") for path in event.causes]
    if not names:
        return "sync"
    return " and ".join(names) if len(names) <= _FEW else count(len(names), "file")


def _named(found: Diagnostic) -> str:
    return f"{found.span.path}: {found.message}" if found.span.path else found.message


def _kind(conflict: bool) -> str:
    return "conflict" if conflict else "error"


def _report(error: Exception, root: str) -> str:
    """Keep what a bug report needs; what to do with it."""
    from driven.cli.crash import write_report

    log = write_report(error, ["sync", "--watch"], root)
    return f"please report it with what is in {log}" if log else "please report it"


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _flush() -> None:
    sys.stderr.flush()
    sys.stdout.flush()
