"""`driven` as `driven mcp serve` starts it, for one call: `python -P -m driven.cli.framed SESSION WORD …`. What it
answers, what it prints and how far it is are frames on stdout."""

from __future__ import annotations

import os
import sys

from driven.cli.app import main
from driven.mcp.link import Speaker


def _run() -> None:
    speaker = Speaker(bytes.fromhex(sys.argv[1]))
    code = 1
    try:
        code = main(sys.argv[2:], speaker)
        sys.stdout.flush()
    except SystemExit as error:  # a verb that ends by itself
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:  # what a verb did to our streams must not keep the server waiting
        code = 70
        os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
    finally:
        try:
            speaker.close(code & 0xFF)
        finally:  # also where the server is gone
            os._exit(code & 0xFF)  # without tearing the interpreter down, as `driven` itself ends


if __name__ == "__main__":
    _run()
