"""`driven` as `driven mcp serve` starts it, for one call: `python -P -m driven.cli.framed SESSION WORD …`. What it
answers, what it prints and how far it is are frames on stdout."""

from __future__ import annotations

import os
import sys

from driven.cli.app import main
from driven.mcp.link import Speaker


def _run() -> None:
    speaker = Speaker(bytes.fromhex(sys.argv[1]))
    code = main(sys.argv[2:], speaker)
    speaker.close()
    sys.stderr.flush()
    os._exit(code)  # without tearing the interpreter down, as `driven` itself ends


if __name__ == "__main__":
    _run()
