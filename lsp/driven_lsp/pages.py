"""Where the codes that no vendor documents are explained: a heading of checks.md, which is installed beside the server.

In a checkout it is the page in docs/. A line is linked, and no anchor: editors open a file of Markdown as text.
"""

from __future__ import annotations

import os
from functools import cache

from driven_lsp.convert import uri_of

_HERE = os.path.dirname(os.path.abspath(__file__))
_PLACES = (os.path.join(_HERE, "checks.md"), os.path.join(_HERE, "..", "..", "docs", "checks.md"))


def page_of(code: str) -> str:
    """The URI of what explains a code, "" where that is not installed or does not know it."""
    path, lines = _lines()
    return f"{uri_of(path)}#L{lines[code]}" if code in lines else ""


@cache
def _lines() -> tuple[str, dict[str, int]]:
    """The page, and the line of each code's heading."""
    for place in _PLACES:
        try:
            with open(place, encoding="utf-8") as file:
                lines = {line[4:].strip(): at for at, line in enumerate(file, 1) if line.startswith("### ")}
        except OSError:
            continue
        return os.path.normpath(place), lines
    return "", {}
