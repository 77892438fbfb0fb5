"""`driven` and `python -m driven`. A sync that has nothing to do, and `--version`, end here without the rest."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line; the exit code. Imports nothing but `sys`, `os` and the ledger for a no-op sync."""
    words = sys.argv[1:]
    if words == ["--version"]:
        from driven import __version__

        return _leave(b"driven " + __version__.encode() + b"\n")
    if words == ["sync"] or words == ["sync", "--check"]:
        from driven import __version__
        from driven.core.state import settled_summary

        summary = settled_summary(__version__, sys.prefix, sys.path)
        if summary:
            return _leave(summary)
    from driven.cli.app import main as run

    return run(words)


def _leave(line: bytes) -> int:
    """Write one line and end the process without tearing the interpreter down (about 1.5 ms)."""
    try:
        os.write(1, line)
    except OSError:
        return 1
    if sys.flags.interactive or "coverage" in sys.modules:
        return 0
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
