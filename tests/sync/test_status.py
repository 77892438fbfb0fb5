"""The line of a watch on a terminal: what is wrong is never cut off."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from driven.cli.render import Output
from driven.cli.render_watch import Screen
from driven.model.diagnostic import Diagnostic
from driven.span import Span
from driven.sync.events import Problem, Watching


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [40, 80, 200])
def test_what_is_wrong_stands_first(width: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stream = Terminal()
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    screen = Screen(Output(color="never"), str(tmp_path))
    screen.tell(Watching(rules=1234, editors=("cursor", "claude"), folders=7))
    assert stream.getvalue().rpartition("\x1b[2K")[2].startswith("watching 1,234 rules")
    found = Diagnostic(code="X", severity="error", message="it is wrong", span=Span(path=""))
    screen.tell(Problem(diagnostic=found))
    screen.tell(Problem(diagnostic=found, conflict=True))
    shown = stream.getvalue().rpartition("\n")[2]
    assert shown.startswith("1 error · 1 conflict · ") and len(shown) < width
