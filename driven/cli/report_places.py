"""What reports for other programs need to know of places: paths from the repository's root, and source lines."""

from __future__ import annotations

import os

from driven.cli.render_findings import source_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Diagnostic
    from driven.span import Span

MOST_LINE = 4_000  # characters of a source line
# These name plugins and editors where others name a file of the project.
_NO_FILES = ("PLG0", "PLG10", "IMP13")


def prefix_of(root: str, workspace: str = "") -> str:
    """`web/` when the folder `root` is `web` in its git repository (or in `workspace`, where CI checked it out); "" for
    the top. Reports name files from there: that is where CI looks for them."""
    here = os.path.realpath(root)
    top = os.path.realpath(workspace) if workspace else ""
    if not top or not (here == top or here.startswith(top + os.sep)):
        top = here
        while not os.path.lexists(os.path.join(top, ".git")):
            parent = os.path.dirname(top)
            if parent == top:
                return ""
            top = parent
    below = os.path.relpath(here, top).replace(os.sep, "/")
    return "" if below == "." else below + "/"


def has_file(told: Diagnostic) -> bool:
    """Whether a finding stands in a file of the project."""
    return bool(told.span.path) and not told.code.startswith(_NO_FILES)


def is_range(span: Span) -> bool:
    """Whether a span has an end behind its beginning."""
    return (span.end_line, span.end_column) > (span.line, span.column)


class Lines:
    """The source lines of findings, as far as a fingerprint needs them."""

    def __init__(self, root: str) -> None:
        self._root = root

    def __call__(self, told: Diagnostic) -> str:
        """The beginning of the line that a finding stands in, "" where there is none."""
        return (source_line(os.path.join(self._root, told.span.path), told.span.line) or "")[:MOST_LINE]
