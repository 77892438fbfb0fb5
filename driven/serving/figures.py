"""What a server counts, as Prometheus reads it: https://prometheus.io/docs/instrumenting/exposition_formats/, verified
2026-11-22."""

from __future__ import annotations

from collections import Counter

from driven import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MEDIA = "text/plain; version=0.0.4; charset=utf-8"


class Figures:
    """Counters since the start."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.bytes: Counter[str] = Counter()
        self.dropped = 0
        self.published = 0

    def text(self, now: Mapping[str, tuple[str, float]]) -> str:
        """All of it; `now`: name -> (what it is, the value at this moment)."""
        lines = [
            *_family("driven_build_info", "gauge", "which driven serves", [(f'{{version="{__version__}"}}', 1)]),
            *_family("driven_requests_total", "counter", "answers by route and status", [
                (f'{{route="{route}",status="{status}"}}', count)
                for (route, status), count in sorted(self.requests.items())
            ]),
            *_family("driven_bytes_total", "counter", "bytes of bundles that were sent, by coding", [
                (f'{{coding="{coding}"}}', count) for coding, count in sorted(self.bytes.items())
            ]),
            *_family("driven_published_total", "counter", "versions taken over HTTP", [("", self.published)]),
            *_family("driven_events_dropped_total", "counter", "clients of events that were too slow",
                     [("", self.dropped)]),
        ]  # fmt: skip
        for name, (says, value) in now.items():
            lines += _family(name, "counter" if name.endswith("_total") else "gauge", says, [("", value)])
        return "\n".join(lines) + "\n"


def _family(name: str, kind: str, says: str, samples: Iterable[tuple[str, float]]) -> list[str]:
    return [f"# HELP {name} {says}", f"# TYPE {name} {kind}", *(f"{name}{labels} {value}" for labels, value in samples)]
