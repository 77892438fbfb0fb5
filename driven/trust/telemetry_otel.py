"""Telemetry by OpenTelemetry's SDK, over OTLP as protobuf in HTTP. Imported only when it is turned on.

The SDK reads what else is set: headers, timeouts, certificates, attributes of the resource, the sampler.
"""

from __future__ import annotations

import os
import time

from driven import __version__
from driven.trust.telemetry import PARENT, STATE, Span, Tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any, Self

    from driven.trust.telemetry import Value

TIMEOUT = 1.0  # seconds for one sending with all its tries, unless the user says otherwise: a person waits for it
BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds
MAX_TEXT = 256  # characters of one attribute
_TIMEOUTS = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT")


def _clean(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {f"driven.{key}": one[:MAX_TEXT] if isinstance(one, str) else one for key, one in attributes.items()}


class Telling(Tracer):
    """Tells the collector. ImportError when the packages of `driven[otel]` are not there."""

    is_on = True

    def __init__(self, parent: Mapping[str, str]) -> None:
        """`parent`: the trace that the whole process is part of."""
        import logging

        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import MetricExportResult, PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        # What goes wrong is told once, by `finish`; the SDK would write of each try on the user's terminal.
        log = logging.getLogger("opentelemetry")
        log.addHandler(logging.NullHandler())
        log.propagate = False

        failed: list[str] = []
        self._failed = failed

        class Spans(OTLPSpanExporter):
            def export(self, spans: Any) -> Any:
                done = None
                try:
                    done = super().export(spans)
                    return done
                finally:  # older ones raise
                    if done is not SpanExportResult.SUCCESS:
                        failed.append("spans")

        class Metrics(OTLPMetricExporter):
            def export(self, *given: Any, **named: Any) -> Any:
                done = None
                try:
                    done = super().export(*given, **named)
                    return done
                finally:
                    if done is not MetricExportResult.SUCCESS:
                        failed.append("metrics")

        seconds = None if any(os.environ.get(name) for name in _TIMEOUTS) else TIMEOUT
        known = {"service.version": __version__}
        if not os.environ.get("OTEL_SERVICE_NAME") and "service.name=" not in os.environ.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        ):
            known["service.name"] = "driven"
        resource = Resource.create(known)
        self._traces = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._traces.add_span_processor(BatchSpanProcessor(Spans(timeout=seconds)))
        self._metrics = MeterProvider(
            [PeriodicExportingMetricReader(Metrics(timeout=seconds))], resource, shutdown_on_exit=False
        )
        self._tracer = self._traces.get_tracer("driven", __version__)
        self._meter = self._metrics.get_meter("driven", __version__)
        self._instruments: dict[str, Any] = {}
        self._propagator = TraceContextTextMapPropagator()
        self._parent = self._context(parent)

    def _context(self, parent: Mapping[str, str]) -> Any:
        from opentelemetry.context import Context

        carrier = {"traceparent": parent.get(PARENT, ""), "tracestate": parent.get(STATE, "")}
        return self._propagator.extract(carrier, Context())

    def _here(self) -> Any:
        """The context of what is under way in this thread; of the process where nothing is."""
        from opentelemetry import context, trace

        here = context.get_current()
        return here if trace.get_current_span(here).get_span_context().is_valid else self._parent

    def span(self, what: str, name: str, parent: Mapping[str, str], attributes: Mapping[str, Value]) -> Span:
        """See `driven.trust.telemetry.span`."""
        return _Told(self, what, name, self._context(parent) if parent else self._here(), attributes)

    def count(self, what: str, by: int, attributes: Mapping[str, Value]) -> None:
        """See `driven.trust.telemetry.count`."""
        name = f"driven.{what}"
        if name not in self._instruments:
            self._instruments[name] = self._meter.create_counter(name)
        self._instruments[name].add(by, _clean(attributes))

    def duration(self, what: str, seconds: float, attributes: Mapping[str, Value]) -> None:
        """See `driven.trust.telemetry.duration`."""
        self._took(what, seconds, _clean(attributes))

    def _took(self, what: str, seconds: float, attributes: Mapping[str, Value]) -> None:
        name = f"driven.{what}.duration"
        if name not in self._instruments:
            self._instruments[name] = self._meter.create_histogram(
                name, unit="s", explicit_bucket_boundaries_advisory=BUCKETS
            )
        self._instruments[name].record(seconds, attributes)

    def outgoing(self) -> dict[str, str]:
        """See `driven.trust.telemetry.outgoing`."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, self._here())
        names = (("traceparent", PARENT), ("tracestate", STATE))
        return {name: carrier[key] for key, name in names if carrier.get(key)}

    def finish(self, seconds: float) -> bool:
        """See `driven.trust.telemetry.finish`."""
        import threading

        def end() -> None:
            self._traces.shutdown()
            self._metrics.shutdown()

        # In a thread of its own: the SDK waits for each sending as long as it takes.
        ending = threading.Thread(target=end, daemon=True)
        ending.start()
        ending.join(seconds)
        return not ending.is_alive() and not self._failed


class _Told(Span):
    """A span of OpenTelemetry, under way while it is open, and its duration."""

    def __init__(self, telling: Telling, what: str, name: str, context: Any, attributes: Mapping[str, Value]) -> None:
        self._telling, self._what = telling, what
        self._by: dict[str, Value] = {f"driven.{what}": name[:MAX_TEXT]}
        title = name if what == "command" else f"{what} {name}"
        self._scope = telling._tracer.start_as_current_span(
            title[:MAX_TEXT], context, attributes={**self._by, **_clean(attributes)}, record_exception=False,
            set_status_on_exception=False,
        )  # fmt: skip

    def set(self, name: str, value: Value) -> None:
        """Say more of it."""
        for key, one in _clean({name: value}).items():
            self._span.set_attribute(key, one)

    def __enter__(self) -> Self:
        self._span = self._scope.__enter__()
        self._around = self._telling._parent
        if self._what == "command":  # what its threads do belongs to it, and they do not know of it
            from opentelemetry import context

            self._telling._parent = context.get_current()
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from opentelemetry.trace import Status, StatusCode

        seconds = time.perf_counter() - self._began
        if kind is not None:  # its message may name a path
            self._span.set_attribute("error.type", kind.__qualname__)
            self._span.set_status(Status(StatusCode.ERROR))
            self._by["error.type"] = kind.__qualname__
        self._scope.__exit__(None, None, None)
        if self._what == "command":
            self._telling._parent = self._around
        self._telling._took(self._what, seconds, self._by)
