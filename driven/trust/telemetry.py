"""Spans and durations for those who collect them; for all others nothing, and no import.

Turned on by OTEL_EXPORTER_OTLP_ENDPOINT where `driven[otel]` is installed. What is told: names of commands, plugins and
hosts, exit codes, kinds of errors and times; never a path, a text of a rule, an argument or a message. The audit log is
another thing: it is never sampled, never dropped, and stays on the machine.

A trace goes on through what is started: TRACEPARENT and TRACESTATE come in by the environment and go out to hooks and
plugins, on or off (https://www.w3.org/TR/trace-context/, https://opentelemetry.io/docs/specs/otel/context/env-carriers/).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self, TypeAlias

Value: TypeAlias = "str | bool | int | float"

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "http/protobuf"
PARENT, STATE = "TRACEPARENT", "TRACESTATE"
PATIENCE = 2.0  # seconds that the end of a command waits for a collector
_HEX = frozenset("0123456789abcdef")
_MAX_STATE = 512  # characters that everybody must pass on


class Span:
    """Something under way, from `with` to its end. This one tells nobody."""

    def set(self, name: str, value: Value) -> None:
        """Say more of it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Its end; an error is told by its kind alone."""


class Tracer:
    """What `span` and the others ask. This one tells nobody."""

    is_on = False

    def span(self, what: str, name: str, parent: Mapping[str, str], attributes: Mapping[str, Value]) -> Span:
        """See `span`."""
        return _NOTHING

    def count(self, what: str, by: int, attributes: Mapping[str, Value]) -> None:
        """See `count`."""

    def duration(self, what: str, seconds: float, attributes: Mapping[str, Value]) -> None:
        """See `duration`."""

    def outgoing(self) -> dict[str, str]:
        """See `outgoing`."""
        return incoming(os.environ)

    def finish(self, seconds: float) -> bool:
        """See `finish`."""
        return True


_NOTHING = Span()
_OFF = Tracer()
_tracer = _OFF


def is_on() -> bool:
    """Whether anybody is told."""
    return _tracer.is_on


def span(what: str, name: str, *, parent: Mapping[str, str] | None = None, **attributes: Value) -> Span:
    """`with span("plugin", "acme") as one:` something of a kind, by its name; its duration is counted by both.
    `parent`: the TRACEPARENT and TRACESTATE of who asked for it, where that is not what is under way here."""
    return _tracer.span(what, name, parent or {}, attributes)


def count(what: str, by: int = 1, **attributes: Value) -> None:
    """Something happened, so many times."""
    _tracer.count(what, by, attributes)


def duration(what: str, seconds: float, **attributes: Value) -> None:
    """Something took so long."""
    _tracer.duration(what, seconds, attributes)


def outgoing() -> dict[str, str]:
    """What the environment of a hook, a plugin or any other process has to hold, for its work to belong to what is
    under way here; {} where there is no trace. Who starts a process in an environment of its own must add it."""
    return _tracer.outgoing()


def incoming(environ: Mapping[str, str]) -> dict[str, str]:
    """The trace that somebody says this is part of, in its one spelling; {} where it is none, and no error: who
    started us may have got it from anywhere."""
    parent = _parent(environ.get(PARENT, ""))
    if not parent:
        return {}
    state = environ.get(STATE, "").strip()
    if not state or len(state) > _MAX_STATE or not state.isascii() or not state.isprintable() or "=" not in state:
        return {PARENT: parent}
    return {PARENT: parent, STATE: state}


def _parent(text: str) -> str:
    """`00-<trace>-<span>-<flags>`; of a later version what version 00 has of it."""
    if len(text) > 512:
        return ""
    parts = text.strip().split("-")
    if len(parts) < 4 or [len(part) for part in parts[:4]] != [2, 32, 16, 2]:
        return ""
    version, trace, one, flags = parts[:4]
    if set(version + trace + one + flags) - _HEX or version == "ff" or (version == "00" and len(parts) > 4):
        return ""
    if not trace.strip("0") or not one.strip("0"):
        return ""
    return f"00-{trace}-{one}-{int(flags, 16) & 3:02x}"


def start() -> str:
    """Turn it on where it is asked for and can be; "" or why it stays off though it is asked for. Again: nothing."""
    global _tracer
    if _tracer.is_on or not os.environ.get(ENDPOINT, "").strip():
        return ""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ""
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "").strip()
    if protocol not in ("", PROTOCOL):
        return f"OTEL_EXPORTER_OTLP_PROTOCOL is `{protocol}`, and driven speaks {PROTOCOL} alone"
    try:
        from driven.trust.telemetry_otel import Telling

        _tracer = Telling(incoming(os.environ))
    except ImportError as error:
        return f"{ENDPOINT} is set, and `{error.name}` is not installed: pip install 'driven[otel]'"
    except Exception as error:  # what others configure must not stop a command
        return f"{ENDPOINT} is set, and OpenTelemetry does not start: {type(error).__name__}: {error}".splitlines()[0]
    return ""


def finish(seconds: float = PATIENCE) -> bool:
    """Send what was not sent, for so long at most, and turn it off; whether all of it arrived."""
    global _tracer
    ending, _tracer = _tracer, _OFF
    return ending.finish(seconds)


class Command:
    """`with Command("driven sync") as span:` a whole command. The outermost turns telemetry on, and off behind it."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.problem = ""  # why nobody is told, though it is asked for
        self.lost = ""  # that not all of it arrived
        self._outermost = False

    def __enter__(self) -> Span:
        self._outermost = not _tracer.is_on
        self.problem = start()
        self._span = span("command", self.words)
        return self._span.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._span.__exit__(kind, error, trace)
        if self._outermost and _tracer.is_on and not finish():
            self.lost = f"note: not all of the telemetry arrived where {ENDPOINT} says"
