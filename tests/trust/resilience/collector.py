"""A collector for OTLP over HTTP: a real server that decodes what arrives by OpenTelemetry's own definitions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def value(one: Any) -> Any:
    """What an attribute's value holds."""
    return getattr(one, one.WhichOneof("value"))


def attributes(one: Any) -> dict[str, Any]:
    return {pair.key: value(pair.value) for pair in one.attributes}


class Collector:
    """What arrived. `address` is for OTEL_EXPORTER_OTLP_ENDPOINT; `status` is what it answers."""

    def __init__(self) -> None:
        self.address, self.status = "", 200
        self.spans: list[Any] = []
        self.resources: list[dict[str, Any]] = []
        self.points: list[tuple[str, Any]] = []  # name of the metric, one of its points
        self.headers: list[dict[str, str]] = []
        self.raw = b""

    def span(self, name: str) -> Any:
        """The one of that name."""
        (found,) = [one for one in self.spans if one.name == name]
        return found

    def take(self, path: str, data: bytes) -> None:
        """Decode one request."""
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        self.raw += data
        if path == "/v1/traces":
            traces = ExportTraceServiceRequest.FromString(data)
            for group in traces.resource_spans:
                self.resources.append(attributes(group.resource))
                self.spans += [one for scope in group.scope_spans for one in scope.spans]
        else:
            assert path == "/v1/metrics"
            metrics = ExportMetricsServiceRequest.FromString(data)
            for group in metrics.resource_metrics:
                for scope in group.scope_metrics:
                    for metric in scope.metrics:
                        points = (
                            metric.histogram.data_points if metric.HasField("histogram") else metric.sum.data_points
                        )
                        self.points += [(metric.name, point) for point in points]


@contextmanager
def collector() -> Iterator[Collector]:
    """One that listens on this machine."""
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["content-length"]))
            found.headers.append({name.lower(): text for name, text in self.headers.items()})
            found.take(self.path, data)
            self.send_response(found.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
