"""Runs a plugin's function in a process that is confined already, and carries its questions to the host and back.

Read by `launcher.py` before the process is confined; it knows nothing of ours. A message is a frame of
`driven.core.frames` with JSON-RPC 2.0 in it, in by descriptor 3 and out by 4. A plugin is a file, or a folder with a
`plugin.py`; its functions are called by name. `import host` there gives what the host does for it.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_IN, _OUT = 3, 4
_HEAD = struct.Struct("<I16sB7xQQ")  # length of what follows; session, stream, sequence, timestamp
_state: dict[str, Any] = {"session": b"", "sequence": 0}
_VIOLATIONS = 64  # so many are told, more are the same story


class Host:
    """What a plugin may ask of the host. What its manifest does not grant is a PermissionError."""

    def __init__(self) -> None:
        self._number = 0

    def _ask(self, question: str, /, **params: Any) -> Any:
        self._number += 1
        _send({"jsonrpc": "2.0", "id": self._number, "method": "host." + question, "params": params})
        answer = _receive()
        if answer is None:
            raise EOFError("the host has gone")
        if "error" in answer:
            error = answer["error"]
            raise (PermissionError if error.get("code") == -32001 else OSError)(error.get("message", ""))
        return answer.get("result")

    def read(self, path: str) -> Any:
        """The text of a file of the project."""
        return self._ask("read", path=path)

    def write(self, path: str, text: str) -> Any:
        """Write a file of the project."""
        return self._ask("write", path=path, text=text)

    def fetch(
        self, url: str, method: str = "GET", headers: dict[str, str] | None = None, body: str | None = None
    ) -> Any:
        """(status, headers, text) of an address; the text is base64 where it is no UTF-8."""
        return self._ask("fetch", url=url, method=method, headers=headers or {}, body=body)

    def spawn(self, argv: list[str], input: str = "") -> Any:
        """{"code", "stdout", "stderr"} of a program that runs confined as this plugin is."""
        return self._ask("spawn", argv=list(argv), input=input)

    def sign(self, key: str, data: str) -> Any:
        """The signature of a text by a key that stays with the host, as base64."""
        return self._ask("sign", key=key, data=data)

    def log(self, text: object) -> None:
        """A line for the log."""
        sys.stderr.write(str(text) + "\n")


def _send(message: dict[str, Any]) -> None:
    sys.stdout.flush()  # what was printed is read before the answer, after which nothing is
    data = json.dumps(message, allow_nan=False).encode()
    _state["sequence"] += 1
    head = _HEAD.pack(len(data) + _HEAD.size - 4, _state["session"], 1, _state["sequence"], time.time_ns())
    data = head + data
    while data:
        data = data[os.write(_OUT, data) :]


def _read(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(_IN, min(size, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _receive() -> Any:
    head = _read(_HEAD.size)
    if not head:
        return None
    size, _state["session"], _, _, _ = _HEAD.unpack(head)
    return json.loads(_read(size + 4 - _HEAD.size))


def _watch(readable: list[str], told: list[dict[str, str]]) -> None:
    """Note what is tried beside the grants, as the interpreter sees it: for the report, not for the defence."""
    base = tuple(one.rstrip("/") + "/" for one in (*readable, os.path.dirname(os.path.abspath(__file__))))
    seen: set[tuple[str, str]] = set()

    def note(kind: str, what: str) -> None:
        if len(seen) < _VIOLATIONS and (kind, what) not in seen:
            seen.add((kind, what))
            told.append({"kind": kind, "what": what})

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if not isinstance(path, str | bytes):
                return
            path = os.path.abspath(os.fsdecode(path))
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) if flags else "r" not in (mode or "r")
            if writes and not path.startswith(base[0]) and path != "/dev/null":
                note("FileWrite", path)
            elif not writes and not (path + "/").startswith(base):
                note("FileRead", path)
        elif event in ("os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr", "os.truncate"):
            note("FileWrite", str(arguments[0]))
        elif event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link"):
            if not os.path.abspath(os.fsdecode(arguments[0])).startswith(base[0]):
                note("FileWrite", str(arguments[0]))
        elif event == "socket.__new__":
            if arguments[1] != 1:
                note("NetworkAccess", "a socket")
        elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
            note("ProcessSpawn", str(arguments[0]))
        elif event in ("os.fork", "os.forkpty", "os.system"):
            note("ProcessSpawn", event)

    sys.addaudithook(hook)


def _load(path: str) -> ModuleType:
    import types

    if os.path.isdir(path):
        sys.path.insert(0, path)
        path = os.path.join(path, "plugin.py")
    module = types.ModuleType("plugin")
    module.__file__ = path
    sys.modules["plugin"] = module
    with open(path, "rb") as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)
    return module


def _answer(request: dict[str, Any], plugin: ModuleType) -> Any:
    method, params = request["method"], request.get("params", [])
    function = getattr(plugin, method, None)
    if method.startswith("_") or not callable(function):
        names = sorted(name for name, one in vars(plugin).items() if callable(one) and name[:1] != "_")
        raise LookupError(f"it has no function `{method}`, but {', '.join(names[:9]) or 'none'}")
    return function(**params) if isinstance(params, dict) else function(*params)


def _failed(error: BaseException, path: str) -> dict[str, Any]:
    """What is said of a failure, and where it was; the log has all the way there, as far as there is anything left to
    say it with."""
    where: dict[str, Any] = {}
    try:
        import traceback

        where = _where(error, path)
        traceback.print_exception(error)
    except Exception:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    return {"code": -32000, "message": str(error)[:2000], "data": {"type": type(error).__name__, **where}}


def _where(error: BaseException, path: str) -> dict[str, Any]:
    """The innermost line of the plugin's own code, by its file below the plugin's folder; {} for none."""
    found: dict[str, Any] = {}
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name == path or (folder == path and name.startswith(path + "/")):
            found = {"file": name[len(folder) + 1 :], "line": trace.tb_lineno}
        trace = trace.tb_next
    return found


def _serve(orders: dict[str, Any]) -> None:
    """Answer the host's requests until it has none."""
    violations: list[dict[str, str]] = []
    plugin: ModuleType | None = None
    _watch(orders["readable"], violations)
    while (request := _receive()) is not None:
        try:
            plugin = plugin or _load(orders["path"])
            reply = {"result": _answer(request, plugin)}
            _send({"jsonrpc": "2.0", "id": request["id"], "violations": violations, **reply})
            continue
        except Exception as error:
            failure: BaseException = error
        except SystemExit as error:
            failure = RuntimeError(f"it called sys.exit({error.code!r})").with_traceback(error.__traceback__)
        told = _failed(failure, orders["path"])
        _send({"jsonrpc": "2.0", "id": request["id"], "violations": violations, "error": told})


def main(orders: dict[str, Any]) -> None:
    """Run the plugin, and end the process whatever it left behind: threads, handlers, open files."""
    sys.dont_write_bytecode = True
    sys.modules["host"] = Host()  # type: ignore[assignment]
    code = 1
    try:
        _serve(orders)
        code = 0
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
