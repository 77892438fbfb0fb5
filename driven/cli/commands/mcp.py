"""`driven mcp serve`: the verbs as tools of the Model Context Protocol, on stdin and stdout."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driven.cli.app import App


def run(args: Any, app: App) -> int:
    """Serve until the client closes its end. 0; 6 when the grant does not hold, 7 when the ring does not."""
    from driven.mcp.serving import serve

    sys.stdout.flush()
    sink = os.dup(1)
    os.dup2(2, 1)  # whatever is printed from now on is no message
    stdout, sys.stdout = sys.stdout, sys.stderr
    try:
        serve(
            0,
            sink,
            os.path.abspath(app.base),
            lambda words: app.out.note(words, error=True),
            args.ring or "",
            args.grant or "",
        )
    finally:
        sys.stdout = stdout
        os.close(sink)
    return 0
