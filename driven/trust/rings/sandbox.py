"""`Sandbox`: a plugin's function called in a ring, and its answer; the host's half of the conversation.

A plugin is a Python file, a folder with a `plugin.py`, or a WebAssembly component. It is hostile until it has answered:
whatever it sends is bounded, parsed and checked, and nothing that it sends is an exception of ours.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, PluginError, PolicyError, SandboxError
from driven.frozen import frozen
from driven.trust import resilience, telemetry
from driven.trust.session_registry import SessionRegistry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any

    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.broker import Broker, Budget, Signer
    from driven.trust.rings.choose import Choice

MOST = 4 << 20  # bytes of one message
_VIOLATIONS = 64
_DEEPEST = 100  # lists in lists of a message: printed with indents, a deep one is much longer than it was
_LINES = 10_000_000  # of a file of a plugin, at most
_AT_ONCE = 4  # questions of a plugin that wait for their answers: ours asks one after the other
_OPEN: SessionRegistry[str] = SessionRegistry(most=256, life=86_400.0)  # conversations, by the name of the plugin
_DENIALS = ("PermissionError", "FileNotFoundError", "OSError")


@frozen
class Violation:
    """What a plugin tried and its manifest does not grant: `tried` in words, `lacks` the capability. What it tried of
    the host is certain; what it tried of the system is what its interpreter told, and a plugin can make it silent."""

    tried: str
    lacks: str


@frozen
class Result:
    """What a plugin answered, and what that took. `log`: what it printed, cut. `calls`: what it asked of the host.
    `cpu`: seconds of the processor; in ring N, where the kernel does not tell, those of the clock; in W its fuel."""

    value: Any
    ring: str
    log: str = ""
    violations: tuple[Violation, ...] = ()
    seconds: float = 0.0
    cpu: float = 0.0
    calls: int = 0


class Sandbox:
    """Runs plugins that have one manifest. See docs/trust.md for what each ring enforces.

    `ring`: that one or none (SandboxError); None takes the strongest that can run the plugin here, never one below
    the manifest's `min_ring`. `root`: the project, which paths are in. `audit` is told of every brokered call and
    violation. `cache`: a folder of ours (0700) for what was probed and compiled; None: the user's cache.
    """

    def __init__(
        self,
        manifest: CapabilityManifest,
        ring: str | None = None,
        *,
        root: str = ".",
        budget: Budget | None = None,
        audit: Callable[[dict[str, Any]], None] | None = None,
        signer: Signer | None = None,
        private: Container[str] = (),
        cache: str | None = None,
        wall: float = 0,
    ) -> None:
        self.manifest = manifest
        self.ring = ring
        self.root = os.path.realpath(root)
        self._budget = budget
        self._audit = audit
        self._signer = signer
        self._private = private
        self._cache = cache
        self._wall = wall

    def run(self, guest: str, method: str, params: Any = (), *, name: str = "") -> Result:
        """Call a function of a plugin: `params` a list, or a dict of names; JSON in, JSON out. `name`: what it is
        called in the records, where that is not where it stands.

        SandboxError: no ring may run it here, it was ended at a limit, or it broke the protocol. PluginError: it
        raised, or has no such function. PolicyError: a scope of the manifest leads out of the project."""
        import json

        from driven.trust.rings.broker import Broker
        from driven.trust.rings.choose import choose

        path = os.path.realpath(guest)
        if not os.path.exists(path):
            raise PluginError(f"there is no plugin at {guest}")
        try:
            words = json.loads(json.dumps(list(params) if isinstance(params, tuple) else params, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise PluginError(f"`{method}` is called with what is no JSON: {error}") from None
        if not isinstance(words, list | dict):
            words = [words]
        choice = choose(self.manifest, path, self.ring, self._cache)
        broker = Broker(
            self.manifest, self.root, budget=self._budget, audit=self._audit, signer=self._signer,
            private=self._private, guest=name or guest,
        )  # fmt: skip
        resilience.in_time(broker.guest)
        with telemetry.span("plugin", os.path.basename(path), ring=choice.ring):
            if choice.ring == "W":
                from driven.trust.rings import wasm

                result = wasm.call(self.manifest, path, method, words, broker, cache=self._cache, wall=self._wall)
                self._tell(result.violations, broker.guest, "W")
            else:
                result = self._process(choice, path, method, words, broker)
        if self._budget is not None:
            self._budget.take("cpu", int(1000 * result.cpu))
        return result

    def _tell(self, violations: tuple[Violation, ...], guest: str, ring: str) -> None:
        """Violations for the log."""
        if self._audit is None:
            return
        for one in violations:
            self._audit({"event": "violation", "outcome": "violation", "subject": guest, "target": one.tried,
                         "why": f"the manifest lacks {one.lacks}", "ring": ring})  # fmt: skip

    def _process(self, choice: Choice, path: str, method: str, params: Any, broker: Broker) -> Result:
        import time

        from driven.trust.rings.process import FAILED, Process
        from driven.trust.rings.scratch import Scratch
        from driven.trust.rings.start import order_of

        with Scratch() as folder:
            order = order_of(self.manifest, choice, path, self.root, folder, wall=self._wall)
            name = _OPEN.open(broker.guest)
            try:
                talk = Conversation(broker, method, params, name, path)
                process = Process(order, choice.held)
                try:
                    with resilience.deadline(process.deadline - time.monotonic()):  # for what is done in its name, too
                        ended, log = process.talk(talk.heard, talk.first)
                finally:
                    process.close()
            finally:
                _OPEN.close(name)
        text = log.decode(errors="replace")
        if talk.answer is None:
            raise talk.failed(ended.code, ended.why, text, choice.ring, launcher=ended.code == FAILED)
        self._tell(talk.violations, broker.guest, choice.ring)  # also where it failed by what it was denied
        value = talk.value()
        return Result(
            value=value, ring=choice.ring, log=text, violations=talk.violations, seconds=ended.seconds,
            cpu=ended.seconds if choice.ring == "N" else ended.cpu, calls=broker.calls,
        )  # fmt: skip


class Conversation:
    """The host's words with a plugin: one request, and the plugin's own questions until its answer is there."""

    def __init__(self, broker: Broker, method: str, params: Any, name: bytes = b"", path: str = "") -> None:
        """`name`: that of the session, where it has one already; `path`: where the plugin stands."""
        from driven.core.ring_queue import RingQueue
        from driven.trust.frame_session import FrameSession

        self.broker = broker
        self.method = method
        self._path = path
        self.answer: dict[str, Any] | None = None
        self.violations: tuple[Violation, ...] = ()
        self._session = FrameSession(name or os.urandom(16), cap=MOST)
        self._waiting = RingQueue(_AT_ONCE)
        self._broken = ""
        self.first = self._frame({"jsonrpc": "2.0", "id": 0, "method": method, "params": params})

    def heard(self, part: bytes) -> bytes | None:
        """What is said to what the plugin said; None when there is nothing more to say."""
        reply = b""
        try:
            for stream, payload in self._session.read(part):
                if stream != 1:
                    raise SandboxError(f"a frame of stream {stream}")
                if not self._waiting.put(payload):
                    raise SandboxError(f"more than {_AT_ONCE} messages at once: it asks, and does not listen")
            for one in self._waiting.get_many():
                message = _message(bytes(one))  # type: ignore[call-overload]
                if "method" not in message:
                    if message.get("id") != 0:
                        raise SandboxError("an answer to nothing that was asked")
                    self._answered(message)
                    return None
                reply += self._frame(self._asked(message))
        except SandboxError as error:
            self._broken = error.message
            return None
        return reply

    def _frame(self, message: dict[str, Any]) -> bytes:
        import json

        return self._session.write(json.dumps(message).encode())

    def _asked(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to a plugin's question."""
        number, method, params = message.get("id"), message["method"], message.get("params", {})
        if not isinstance(method, str) or not method.startswith("host.") or not isinstance(params, dict):
            raise SandboxError("a question that is none of the host's")
        if not isinstance(number, int):
            raise SandboxError("a question without a number")
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": number}
        try:
            reply["result"] = self.broker.call(method.removeprefix("host."), params)
        except PolicyError as error:
            reply["error"] = {"code": -32001, "message": error.message}
        except DrivenError as error:
            reply["error"] = {"code": -32002, "message": error.message}
        except OSError as error:
            reply["error"] = {"code": -32003, "message": str(error)}
        return reply

    def _answered(self, message: dict[str, Any]) -> None:
        self.violations = (*self._refused(), *_told(message.get("violations"), self.broker.manifest, self.broker.root))
        self.answer = message

    def _refused(self) -> list[Violation]:
        return [Violation(tried=tried, lacks=lacks) for tried, lacks in self.broker.refusals[:_VIOLATIONS]]

    def value(self) -> Any:
        """What it answered. PluginError where that is a failure."""
        assert self.answer is not None
        error = self.answer.get("error")
        if error is None:
            return self.answer.get("result")
        said = error if isinstance(error, dict) else {}
        data = said.get("data")
        kind = str(data.get("type", "")) if isinstance(data, dict) else ""
        text = shown(str(said.get("message", "")))
        if kind == "MemoryError":
            hint = "a larger `quota` in its manifest gives it more"
            raise SandboxError(f"the plugin ran out of memory in `{self.method}`", hint=hint)
        lacks = next((one.lacks for one in self.violations if one.lacks and one.lacks not in text), "")
        lacking = f" (its manifest lacks {lacks})" if lacks and kind.endswith(_DENIALS) else ""
        at = _place(data, self._path)
        raise PluginError(f"`{self.method}` failed{at}: {shown(kind) or 'an error'}: {text}{lacking}")

    def failed(self, code: int, why: str, log: str, ring: str, *, launcher: bool) -> DrivenError:
        """Why there is no answer."""
        last = shown(log.strip().rpartition("\n")[2])
        if launcher:
            return SandboxError(f"ring {ring}: {last}", hint="`driven doctor sandbox` says what this machine lacks")
        if self._broken:
            return SandboxError(f"the plugin broke the protocol: {self._broken}")
        told = {
            "wall": ("ran out of time", "a larger `band` in its manifest gives it more"),
            "cpu": ("used up its processor time", "a larger `quota` in its manifest gives it more"),
            "deaf": ("asked, and did not listen", "it is to wait for each answer before it asks again"),
            "output": ("said more than it may", "a larger `quota` in its manifest lets it say more"),
            "signal": (f"was ended by signal {code - 128}", "its memory may have been too little: `quota`"),
        }
        if why in told:
            text, hint = told[why]
            return SandboxError(f"the plugin {text} in `{self.method}`" + (f": {last}" if last else ""), hint=hint)
        return SandboxError(f"the plugin ended without an answer, code {code}" + (f": {last}" if last else ""))


def _message(data: bytes) -> dict[str, Any]:
    """What a plugin sent. SandboxError for what is no message."""
    try:
        found = plain(data)
    except (ValueError, RecursionError) as error:
        raise SandboxError(f"a message that is no JSON: {shown(str(error))}") from None
    if not isinstance(found, dict) or found.get("jsonrpc") != "2.0" or len(found) > 8:
        raise SandboxError("a message that is no JSON-RPC")
    return found


def plain(data: str | bytes) -> Any:
    """JSON that anybody can read again once it was written. ValueError, RecursionError."""
    import json

    def number(text: str) -> float:
        value = float(text)
        if value - value != 0:  # `NaN`, and what is too large: others than Python do not read them back
            raise ValueError(f"{text[:20]} is no number")
        return value

    found = json.loads(data, parse_constant=number, parse_float=number)
    if not _is_flat(found):
        raise ValueError(f"nested deeper than {_DEEPEST}")
    return found


def _is_flat(value: object) -> bool:
    """Whether nothing in it is nested deeper than `_DEEPEST`."""
    left = [(value, 1)]
    while left:
        one, depth = left.pop()
        if isinstance(one, dict | list):
            if depth > _DEEPEST:
                return False
            left += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]
    return True


def _told(value: Any, manifest: CapabilityManifest, root: str) -> list[Violation]:
    """What a plugin's interpreter told of what it tried, as far as it makes sense."""
    from driven.trust.capability import KINDS

    found = []
    for one in value[:_VIOLATIONS] if isinstance(value, list) else ():
        said = (one.get("kind"), one.get("what")) if isinstance(one, dict) else (None, None)
        if not isinstance(said[0], str) or said[0] not in KINDS or not isinstance(said[1], str):
            continue
        kind, what = said[0], shown(said[1])
        inside = what[len(root) + 1 :] if what.startswith(root + "/") else what
        lacks = (
            kind
            if kind == "NetworkAccess" or what.startswith("os.")  # a call, and no program
            else f"{kind}({os.path.basename(what) if kind == 'ProcessSpawn' else inside})"
        )
        found.append(Violation(tried=what, lacks=lacks))
    return found


def _place(data: Any, path: str) -> str:
    """Where a plugin says that it failed, as far as that is a line of a file of its own; "" for anything else."""
    from driven.trust.manifest import check_path

    name, line = (data.get("file"), data.get("line")) if isinstance(data, dict) else (None, None)
    if not path or not isinstance(name, str) or type(line) is not int or not 0 < line <= _LINES:
        return ""
    if os.path.isdir(path):
        own = not check_path(name) and os.path.isfile(os.path.join(path, name))
    else:
        own = name == os.path.basename(path)
    return f" at {shown(name)}:{line}" if own else ""


def shown(text: str) -> str:
    """A text as it can be printed: it comes from a plugin."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:400])
    return shown + "…" if len(text) > 400 else shown
