"""`driven plugin run PATH` and `driven doctor sandbox`: a plugin in a ring, and what the rings of this machine hold."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from driven.errors import SourceError, UsageError

if TYPE_CHECKING:
    from driven.cli.app import App
    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.matrix import Matrix
    from driven.trust.rings.probe import State
    from driven.trust.rings.sandbox import Result

_INPUT = 4 << 20  # bytes
_MANIFEST = 1 << 16


def run_plugin(args: Any, app: App) -> int:
    """Call a function of a plugin in a ring. 7 when no ring may run it, or it was stopped; 2 when it fails itself."""
    from driven.cli.render_rings import show_result
    from driven.trust.rings import Sandbox

    manifest = _manifest(args.path, args.manifest)
    params = [_input(args.input)] if args.input else []
    with _Log(app.base) as audit:
        sandbox = Sandbox(manifest, args.ring, root=app.base, audit=audit.record if audit else None)
        result = sandbox.run(args.path, args.method, params)
    app.answer(lambda: _result(result), lambda out: show_result(out, result))
    return app.outcome()


class _Log:
    """The project's audit log, where there is a project."""

    def __init__(self, root: str) -> None:
        from driven.trust.audit import LOG, AuditLog

        there = os.path.isdir(os.path.join(root, ".driven"))
        self._log = AuditLog(os.path.join(root, LOG)) if there else None

    def __enter__(self) -> Any:
        return self._log

    def __exit__(self, *_: object) -> None:
        if self._log is not None:
            self._log.close()


def _manifest(path: str, named: str | None) -> CapabilityManifest:
    """What the plugin is granted: the TOML file that was named, or the one beside it; without one, nothing."""
    import tomllib

    from driven.project.reading import read_file
    from driven.trust.capability import CapabilityManifest

    beside = os.path.join(path, "plugin.toml") if os.path.isdir(path) else os.path.splitext(path)[0] + ".toml"
    where = named or beside
    if not named and not os.path.exists(where):
        return CapabilityManifest()
    try:
        value = tomllib.loads(read_file(where, _MANIFEST)[0].decode())
    except OSError as error:
        raise SourceError(f"{where} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where} is no TOML: {error or 'nested too deeply'}") from None
    return CapabilityManifest.from_json(value, where)


def _input(name: str) -> str:
    """The text of a file, of stdin for `-`."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_INPUT + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(_INPUT + 1)
        if len(data) > _INPUT:
            raise UsageError(f"--input: more than {_INPUT >> 20} MiB")
        return data.decode()
    except OSError as error:
        raise UsageError(f"--input: {name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--input: {name} is no UTF-8") from None


def _result(result: Result) -> dict[str, Any]:
    return {
        "value": result.value, "ring": result.ring, "log": result.log,
        "violations": [{"tried": one.tried, "lacks": one.lacks} for one in result.violations],
        "seconds": round(result.seconds, 6), "cpu": round(result.cpu, 6), "calls": result.calls,
    }  # fmt: skip


def run_doctor(args: Any, app: App) -> int:
    """Try the rings of this machine. 1 when none holds, or an attempt of the matrix succeeded that must not."""
    from dataclasses import fields

    from driven.cli.render_rings import show_matrix, show_sandbox
    from driven.trust.rings import report
    from driven.trust.rings.matrix import matrix

    states = report.states()
    found = report.mechanisms()
    table = matrix() if args.matrix else None

    def data() -> dict[str, Any]:
        rings = [_ring(one) for one in states]
        more = {"matrix": _matrix(table)} if table else {}
        mechanisms = {one.name: getattr(found, one.name) for one in fields(report.Mechanisms)}
        return {
            "checks": [],
            "sandbox": {"rings": rings, "mechanisms": mechanisms, "statement": list(report.STATEMENT), **more},
        }

    app.answer(data, lambda out: show_matrix(out, table) if table else show_sandbox(out, states, found))
    return app.outcome(findings=all(one.lacks for one in states) or (table is not None and table.loose))


def _ring(one: State) -> dict[str, Any]:
    from driven.trust.rings.report import not_enforced

    return {
        "ring": one.ring, "works": not one.lacks, "lacks": one.lacks, "remedy": one.remedy,
        "not_enforced": list(not_enforced(one.ring, one.held)),
    }  # fmt: skip


def _matrix(table: Matrix) -> dict[str, Any]:
    rows = [{"name": name, "text": text, "signs": list(signs)} for name, text, signs in table.rows]
    return {"rings": list(table.rings), "rows": rows, "why": table.why}
