"""One client's session: what it asks, what it is answered, and what a person must agree to.

`server/discover` of the revision 2026-07-28 is answered with `method not found`, upon which clients begin with
`initialize` (https://modelcontextprotocol.io/specification/2026-07-28, read 2026-11-22).
"""

from __future__ import annotations

import threading
import time

from driven import __version__
from driven.errors import DrivenError, PolicyError, SandboxError
from driven.grammar.powers import needs_review
from driven.grammar.to_mcp import command_line, to_mcp
from driven.mcp import answers
from driven.mcp.calls import SECONDS, Job
from driven.mcp.link import EACH
from driven.mcp.wire import BUSY, METHOD, PARAMS, REQUEST, Wire, Wrong
from driven.trust import telemetry
from driven.trust.session_registry import SessionRegistry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from driven.grammar.command import Command
    from driven.grammar.live import Grammar, Live
    from driven.mcp.link import Progress

    # (command, arguments, words of the command line, job) -> the answer of `tools/call`
    Runner = Callable[[Command, Mapping[str, Any], list[str], Job], dict[str, Any]]
    Lacks = Callable[[Command, Mapping[str, Any]], str]

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")  # the newest first
AT_ONCE = 4  # calls that run; others wait
MOST = 64  # calls that run or wait
LIFE = 86_400.0  # seconds that a call may be under way for, with a person's answer to wait for
LAST = 5.0  # seconds for what is left to be said when the client has closed its end
ASKED = 600.0  # seconds that a person has to answer
SHOWN = 4_000  # characters of the arguments that a person is asked about
INSTRUCTIONS = (
    "driven keeps one source of rules for AI coding agents in .driven/ and writes them into every editor's own files."
    " `status` shows where things stand, `explain` which rules hold for a file, `validate` what is wrong, `sync` brings"
    " rules and files in line. Give `dry_run` to see what would be written."
)
_AGREE = {
    "type": "object",
    "properties": {"agree": {"type": "boolean", "title": "Agree", "description": "Let it be done", "default": False}},
    "required": ["agree"],
}


class Session:
    """Answers messages from `wire`. `run` carries a call out; `lacks` says what the signed grant does not grant of a
    call to which else a person must agree, "" where it grants all."""

    def __init__(self, wire: Wire, live: Live, run: Runner, lacks: Lacks) -> None:
        self.wire = wire
        self.live = live
        self._run = run
        self._lacks = lacks
        self._version = ""
        self._can_ask = False
        self._lock = threading.Lock()
        self._open: SessionRegistry[Job] = SessionRegistry(most=MOST, life=LIFE)  # the links to calls under way
        self._calls: dict[str | int, bytes] = {}  # the client's name of a request -> that of its link
        self._lists: list[Any] = []  # requests for the list of tools that wait for one look at the plugins
        self._lister: threading.Thread | None = None
        self._room = threading.Semaphore(AT_ONCE)
        self._asked: dict[str, tuple[threading.Event, list[dict[str, Any]], Job]] = {}
        self._count = 0
        self._methods: dict[str, Callable[[Any, dict[str, Any]], dict[str, Any] | None]] = {
            "initialize": self._initialize,
            "ping": lambda _, __: {},
            "tools/list": self._list,
            "tools/call": self._call,
            "logging/setLevel": lambda _, __: {},
        }

    def serve(self) -> None:
        """Answer until the end of input, or until nobody reads any more, then end what still runs."""
        for message in self.wire.messages():
            if isinstance(message, Wrong):
                self.wire.refuse(message)
            else:
                self._take(message)
        for name in tuple(self._open):
            self._end(name)
        if self._lister is not None:
            self._lister.join(LAST)
        self.wire.close(LAST)

    def _end(self, name: bytes) -> Job | None:
        """Take a call back, where it is still under way."""
        try:
            job = self._open.find(name)
        except PolicyError:
            return None
        job.end("cancelled")
        return job

    def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self._answered(message)
            return
        method, identity, params = message["method"], message.get("id"), message.get("params", {})
        if identity is None:
            if method == "notifications/cancelled":
                self._cancel(params.get("requestId"))
            return
        try:
            if method not in self._methods:
                raise Wrong(METHOD, f"there is no method {method[:80]!a}")
            if not self._version and method not in ("initialize", "ping"):
                raise Wrong(REQUEST, "a session begins with `initialize`")
            result = self._methods[method](identity, params)
        except Wrong as wrong:
            wrong.identity = identity
            self.wire.refuse(wrong)
            return
        if result is not None:
            self.wire.answer(identity, result)

    # Beginning, listing

    def _initialize(self, _: Any, params: dict[str, Any]) -> dict[str, Any]:
        if self._version:
            raise Wrong(REQUEST, "this session has begun")
        asked = params.get("protocolVersion")
        if not isinstance(asked, str):
            raise Wrong(PARAMS, "`protocolVersion` is a text")
        self._version = asked if asked in VERSIONS else VERSIONS[0]
        capabilities = params.get("capabilities")
        self._can_ask = isinstance(capabilities, dict) and isinstance(capabilities.get("elicitation"), dict)
        return {
            "protocolVersion": self._version,
            "capabilities": {"tools": {"listChanged": True}, "logging": {}},
            "serverInfo": {"name": "driven", "title": "driven", "version": __version__},
            "instructions": INSTRUCTIONS,
        }

    def _list(self, identity: Any, params: dict[str, Any]) -> None:
        """Look at the plugins first, in a thread: one that takes its time keeps nobody else waiting."""
        if params.get("cursor") is not None:
            raise Wrong(PARAMS, "the list has one page: no `cursor` was given out")
        with self._lock:
            self._lists.append(identity)
            if len(self._lists) > 1:
                return
        self._lister = threading.Thread(target=self._answer_lists, daemon=True)
        self._lister.start()

    def _answer_lists(self) -> None:
        self.look()
        tools = to_mcp(self.live.current.commands)
        with self._lock:
            waiting, self._lists = self._lists, []
        for identity in waiting:
            self.wire.answer(identity, {"tools": tools})

    def look(self) -> None:
        """Take up what changed of the plugins, and tell the client."""
        before = self.live.problem
        if self.live.refresh() and self._version:
            self.wire.notify("notifications/tools/list_changed")
            for plugin, more in self.live.withheld.items():
                self._warn(f"the plugin `{plugin}` now asks for {_listed(more)}: its tools wait for somebody to agree")
        if self.live.problem and self.live.problem != before:
            self._warn(f"the tools stay as they were: {self.live.problem}")

    def _warn(self, words: str) -> None:
        if self._version:
            self.wire.notify("notifications/message", {"level": "warning", "logger": "driven", "data": words})

    # Calling

    def _call(self, identity: Any, params: dict[str, Any]) -> None:
        name, given = params.get("name"), params.get("arguments")
        if not isinstance(name, str) or not isinstance(given, dict | None):
            raise Wrong(PARAMS, "a call has a `name`, a text, and `arguments`, an object")
        meta = params.get("_meta")
        asked = meta if isinstance(meta, dict) else {}
        job = Job(_trace(asked), self._progress(asked.get("progressToken")))
        with self._lock:
            if identity in self._calls:
                raise Wrong(REQUEST, "a request of this `id` is under way")
            try:
                job.session = self._calls[identity] = self._open.open(job)
            except SandboxError:
                raise Wrong(BUSY, f"{MOST} calls are under way: wait for one to end") from None
        threading.Thread(target=self._work, args=(identity, name, given or {}, job), daemon=True).start()

    def _progress(self, token: Any) -> Progress | None:
        """Tells the client how far a call is, where it gave a token to tell it by."""
        if isinstance(token, bool) or not isinstance(token, str | int):
            return None
        before, at = 0, -1  # what the rounds that are over came to; where this one is
        last = 0.0

        def tell(what: str, done: int, total: int) -> None:
            nonlocal before, at, last
            if done < at:
                before, at = before + at + 1, -1
            now = time.monotonic()
            if done > at and now - last >= EACH / 2:  # what is told must grow
                at, last = done, now
                told = {"progressToken": token, "progress": before + done, "message": what}
                self.wire.hint("notifications/progress", told if before else {**told, "total": total})

        return tell

    def _work(self, identity: Any, name: str, given: dict[str, Any], job: Job) -> None:
        answer: dict[str, Any] | Wrong
        try:
            self.look()
            grammar = self.live.current
            with telemetry.span("tool", name if name in grammar.tools() else "unknown", parent=job.trace):
                answer = self._answer(grammar, name, given, job)
        except DrivenError as error:
            answer = answers.refused(error)
        except Wrong as wrong:
            answer = wrong
        except Exception as error:  # a bug of ours must not leave a client waiting
            answer = answers.bug(error)
        with self._lock:
            self._open.close(self._calls.pop(identity))
        if job.ended == "cancelled":
            return  # a request that was taken back is not answered
        if isinstance(answer, Wrong):
            answer.identity = identity
            self.wire.refuse(answer)
        else:
            self.wire.answer(identity, answer)

    def _answer(self, grammar: Grammar, name: str, given: dict[str, Any], job: Job) -> dict[str, Any]:
        found = grammar.tools().get(name)
        if found is None:
            raise Wrong(PARAMS, f"there is no tool {name[:80]!a}")
        words, command = found
        line = command_line(command, words, given)
        self._check(grammar, words, command, given, job)
        with self._room:  # who waits for a person keeps no other call waiting
            return {} if job.ended else self._run(command, given, line, job)

    def _check(self, grammar: Grammar, words: str, command: Command, given: dict[str, Any], job: Job) -> None:
        """PolicyError unless what asks for a person's consent has it."""
        plugin = grammar.owner(words)
        more = self.live.withheld.get(plugin, ())
        if more:
            self._agree(f"The plugin `{plugin}` changed and now asks for {_listed(more)}. Let it have that?", job)
            self.live.grant(plugin, more)
            if self.live.withheld.get(plugin):
                raise PolicyError(f"the plugin `{plugin}` changed again meanwhile", hint="ask once more")
        if not needs_review(command, given):
            return
        lacks = self._lacks(command, given)
        if lacks:
            shown = ", ".join(f"{key}={value!r}" for key, value in given.items()) or "no arguments"
            if len(shown) > SHOWN:  # what is cut off is what somebody agrees to without having seen it
                raise PolicyError(
                    f"a person must agree to this, and its arguments are too long to show: {len(shown):,} characters",
                    hint="name fewer at a time",
                )
            self._agree(
                f"An agent wants to run `driven {words}` with {shown}. {command.help.capitalize()}. Let it?", job, lacks
            )

    def _agree(self, question: str, job: Job, lacks: str = "") -> None:
        hint = "run it yourself in a terminal, or start the server with `--grant` and an attestation"
        if not self._can_ask:
            why = f"; {lacks}" if lacks else ""
            raise PolicyError(f"a person must agree to this, and this client cannot ask one{why}", hint=hint)
        if not self._ask(question, job):
            raise PolicyError("nobody agreed to this", hint=hint)

    def _ask(self, question: str, job: Job) -> bool:
        """Whether a person agrees to `job`, asked through the client."""
        event = threading.Event()
        found: list[dict[str, Any]] = []
        with self._lock:
            self._count += 1
            identity = f"driven-{self._count}"
            self._asked[identity] = (event, found, job)
        params: dict[str, Any] = {"message": question, "requestedSchema": _AGREE}
        if self._version >= "2025-11-25":
            params["mode"] = "form"
        self.wire.send({"id": identity, "method": "elicitation/create", "params": params})
        if not job.ended:  # it may have been taken back before there was a question to take back
            event.wait(ASKED)
        with self._lock:
            self._asked.pop(identity, None)
        if not found:
            self.wire.notify("notifications/cancelled", {"requestId": identity, "reason": "the call has ended"})
        result = found[0].get("result") if found else None
        if not isinstance(result, dict) or result.get("action") != "accept":
            return False
        content = result.get("content")
        return isinstance(content, dict) and content.get("agree") is True

    def _answered(self, message: dict[str, Any]) -> None:
        with self._lock:
            asked = self._asked.get(str(message.get("id")))
        if asked is not None:
            asked[1].append(message)
            asked[0].set()

    def _cancel(self, identity: Any) -> None:
        is_name = isinstance(identity, str | int) and not isinstance(identity, bool)
        with self._lock:
            name = self._calls.get(identity) if is_name else None
        job = self._end(name) if name is not None else None
        if job is None:
            return
        with self._lock:
            for event, _, asked in self._asked.values():
                if asked is job:
                    event.set()


def _trace(asked: dict[str, Any]) -> dict[str, str]:
    """The trace that a call is part of, as its client says (https://modelcontextprotocol.io/seps/414, read
    2026-11-22)."""
    names = {telemetry.PARENT: asked.get("traceparent"), telemetry.STATE: asked.get("tracestate")}
    return telemetry.incoming({name: text for name, text in names.items() if isinstance(text, str)})


def _listed(more: tuple[Any, ...]) -> str:
    return ", ".join(f"`{one}`" for one in more)


def seconds(command: Command) -> float:
    """How long a call may take."""
    return SECONDS[command.band]
