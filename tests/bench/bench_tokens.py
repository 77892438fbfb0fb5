"""What the block scan costs against markdown-it-py, and the front-matter subset against PyYAML: interleaved rounds.

Run as a script it prints the rows. The bars hold for the compiled core; `rows()` also works with the pure one.
"""

from __future__ import annotations

import gc
import re
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import yaml
from markdown_it import MarkdownIt

from driven.core.tokens import parse_front, scan_steps, split_front, step_texts

RULE = """\
---
description: HTTP handlers and routing conventions of the API
apply: paths
paths:
  - "src/api/**/*.ts"
  - "src/routes/**/*.ts"
priority: 20
tags: [api, http]
---

# HTTP handlers

Handlers are thin. They translate between HTTP and the domain and hold no logic of their own.

## Rules

- Validate every input with the schema next to the route before anything else happens.
- Return problem documents (`application/problem+json`) for every error.
- Never log request bodies or tokens; log the request id only.
- Don't import the database from a handler.

## Steps

1. Write the schema.
2. Write the handler and its test.
3. Register the route in `src/routes/index.ts`.

```ts
export const get = route(schema, async (input) => {
  return ok(await service.get(input.id));
});
```

See @docs/http.md
"""
LINE = re.compile(rb"[^\n]*\n")


def rows(rounds: int = 25) -> list[dict[str, Any]]:
    """Name, ratio (how many times faster), the baseline, the bar, `at_most` (False: more is better), and seconds."""
    data = RULE.encode()
    start, end, at = split_front(data)
    body = data[at:]
    text = body.decode()
    front = data[start:end].decode()
    markdown = MarkdownIt("commonmark")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def subset() -> Any:
        bounds = split_front(data)
        return parse_front(data, bounds[0], bounds[1])

    assert {key: value for key, value, _ in subset()} == yaml.load(front, Loader=loader)
    assert "".join(piece for _, piece in step_texts(body)) == text
    works: dict[str, tuple[Callable[[], Any], int]] = {
        "scan": (lambda: scan_steps(body), 400),
        "texts": (lambda: step_texts(body), 400),
        "re": (lambda: [found.group() for found in LINE.finditer(body)], 200),
        "markdown-it": (lambda: markdown.parse(text), 4),
        "subset": (subset, 400),
        "yaml": (lambda: yaml.load(front, Loader=loader), 20),
    }
    seconds = _medians(works, rounds)
    parser = f"markdown-it-py {version('markdown-it-py')}"
    pyyaml = f"PyYAML {yaml.__version__} {loader.__name__}"
    python = "re.finditer of Python {}.{}.{}, lines only".format(*sys.version_info[:3])
    return [
        _row("steps of a rule with their text", seconds, "texts", "markdown-it", parser, 100),
        _row("steps of a rule", seconds, "scan", "markdown-it", parser, 120),
        _row("steps of a rule against its lines", seconds, "scan", "re", python, 1),
        _row("front matter, the subset", seconds, "subset", "yaml", pyyaml, 8),
    ]


def _medians(works: dict[str, tuple[Callable[[], Any], int]], rounds: int) -> dict[str, float]:
    """Median seconds of one call of each work: in every round each one is timed in turn."""
    times: dict[str, list[float]] = {name: [] for name in works}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, (work, calls) in works.items():
                start = time.perf_counter()
                for _ in range(calls):
                    work()
                times[name].append((time.perf_counter() - start) / calls)
    finally:
        gc.enable()
    return {name: statistics.median(found) for name, found in times.items()}


def _row(name: str, seconds: dict[str, float], ours: str, theirs: str, baseline: str, bar: float) -> dict[str, Any]:
    ratio = seconds[theirs] / seconds[ours]
    return {
        "name": name, "ratio": ratio, "baseline": baseline, "bar": bar, "at_most": False, "seconds": seconds[ours],
    }  # fmt: skip


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']}: {row['ratio']:.1f}x {row['baseline']} (bar {row['bar']}), {row['seconds'] * 1e6:.2f} µs")
