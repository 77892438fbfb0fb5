"""Where something stands in a file."""

from __future__ import annotations

from driven.frozen import frozen


@frozen
class Span:
    """A place in a text file: 1-based lines and columns, columns counted in code points, the end exclusive.

    `end_line` 0 means a point. `path` is relative to the project root where there is one.
    """

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"
