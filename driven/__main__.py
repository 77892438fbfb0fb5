"""`driven` and `python -m driven`. What has nothing to do ends here without the rest: a sync or a validation after
which nothing changed, and `--version`."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line; the exit code. Imports nothing but `sys`, `os` and the ledger for a no-op sync."""
    words = sys.argv[1:]
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us; what is opened next must not take its number
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    if words == ["--version"]:
        from driven import __version__

        return _leave(b"driven " + __version__.encode() + b"\n")
    if words == ["sync"] or words == ["sync", "--check"]:
        from driven import __version__
        from driven.core.ledger import settled_summary

        summary = settled_summary(__version__, sys.prefix, sys.path)
        if summary:
            return _leave(summary)
    if words[:1] == ["validate"]:
        from driven import __version__
        from driven.core.answers import kept_answer

        answer = kept_answer(__version__, words)
        if answer is not None:
            return _leave(answer[1], answer[0])
    import gc

    from driven.cli.app import main as run

    # A command is short and keeps what it makes: collecting costs a twentieth of it and frees next to nothing.
    gc.set_threshold(200_000, 50, 50)
    code = run(words)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue  # it was told; an exit would try again
    return _leave(b"", code)


def _leave(line: bytes, code: int = 0) -> int:
    """Write what is left to say and end the process without tearing the interpreter down (1.5 ms and more)."""
    try:
        while line:
            line = line[os.write(1, line) :]
    except BlockingIOError:  # whoever gave us this pipe does not wait
        os.set_blocking(1, True)
        return _leave(line, code)
    except BrokenPipeError:
        code = 141  # as `cli.app` says it
    except OSError as error:
        os.write(2, f"error: the output cannot be written: {error.strerror}\n".encode())
        code = 2
    if sys.flags.interactive or "coverage" in sys.modules:
        return code
    os._exit(code)


def _leave_the_project() -> None:
    """`python -m driven` has the current folder, a stranger's project, first on the path: nothing is imported from
    there, unless it is where driven itself stands."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if not sys.flags.safe_path and sys.path and sys.path[0] != here and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]


if __name__ == "__main__":
    _leave_the_project()
    sys.exit(main())
