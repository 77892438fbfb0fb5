"""Kate on a screen of its own: set up as the page says, in a clean home, and used by keys as a person uses it.

What Kate shows is looked at in pixels; that it asked the server, and what it was told, in the tee between both; and
that it did with the answer what it should, in the file that it saved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients import kit
from clients.kate.desk import Desk

PAGE = Path(__file__).resolve().parents[2] / "docs" / "editors" / "kate.md"
PUBLISHED = "textDocument/publishDiagnostics"
BROKEN = ".driven/rules/broken.md"


def settings() -> str:
    """The settings of the page."""
    block = re.search(r"(?ms)^ *```json\n(.*?)^ *```", PAGE.read_text(encoding="utf-8"))
    assert block is not None
    return re.sub(r"(?m)^ {3}", "", block[1])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return kit.make_project(tmp_path)


@pytest.fixture
def kate(tmp_path: Path, root: Path) -> Iterator[Callable[..., Desk]]:
    """Opens a file of the project in Kate, and waits until the server answers."""
    desk = Desk(tmp_path, settings())

    def opened(path: str, line: int, column: int) -> Desk:
        desk.open(root / path, line, column)
        kit.wait_for("the server", lambda: desk.answers("textDocument/documentSymbol"))
        kit.wait_for("the screen to stand still", lambda: desk.pixels() == desk.pixels())
        desk.listens()  # what the plugin shows when its server is there takes keys away for a moment
        return desk

    try:
        yield opened
    finally:
        for entry in desk.talk()[-40:]:  # shown by pytest when a test fails
            print(entry["from"], str(entry.get("message", entry))[:200])
        desk.close()


def diagnostics(desk: Desk, path: str = BROKEN) -> list[Any] | None:
    """What the server said last of `path`; None before it said anything."""
    said = [m["params"] for m in desk.said(PUBLISHED, "server") if m["params"]["uri"].endswith(path)]
    return said[-1]["diagnostics"] if said else None


def text(root: Path, path: str = BROKEN) -> str:
    return (root / path).read_text(encoding="utf-8")


def test_a_diagnostic_appears_and_goes(kate: Callable[..., Desk], root: Path) -> None:
    desk = kate(BROKEN, 8, 1)
    assert [d["code"] for d in kit.wait_for("a diagnostic", lambda: diagnostics(desk)) or ()] == ["RUL06"]
    kit.wait_for("a marked line", lambda: desk.colours() == 3)  # paper, the line of the cursor, the marked line
    desk.act("Switch to Diagnostics Tab")
    desk.shot("kate-diagnostic")
    listed = desk.pixels()
    desk.click()
    desk.keys("ctrl+Home", "Down", "Down", *["Right"] * 6, "Delete", "ctrl+End")
    kit.wait_for("no diagnostic", lambda: diagnostics(desk) == [])
    kit.wait_for("no marked line", lambda: desk.colours() <= 2)
    assert desk.pixels() != listed
    desk.shot("kate-corrected")
    desk.save()
    kit.wait_for("the saved text", lambda: "\npriority: 10\n" in text(root))


def test_a_fix_is_applied(kate: Callable[..., Desk], root: Path) -> None:
    desk = kate(BROKEN, 3, 2)
    kit.wait_for("a marked line", lambda: desk.colours() == 2)  # the cursor stands in it
    desk.keys("ctrl+period")
    kit.wait_for("the fixes", lambda: desk.answers("textDocument/codeAction"))
    kit.wait_for("the fixed text", lambda: diagnostics(desk) == [])
    desk.save()
    kit.wait_for("the saved text", lambda: "\npriority: 10\n" in text(root))


def test_completion(kate: Callable[..., Desk], root: Path) -> None:
    desk = kate(BROKEN, 2, 1)
    desk.keys("End", "Return")
    desk.changes(lambda: desk.type("ta"))
    desk.keys("ctrl+space")
    labels = kit.wait_for("the keys", lambda: [label for answer in desk.answers("textDocument/completion")
                                               for label in names(answer)])  # fmt: skip
    assert any(label.startswith("targets") for label in labels)
    kit.wait_for("the screen to stand still", lambda: desk.pixels() == desk.pixels())
    desk.shot("kate-completion")
    desk.keys("Return")
    kit.wait_for("the word in the text", lambda: "\ntargets" in desk.last_change())
    desk.keys("Escape")
    desk.save()
    kit.wait_for("the saved text", lambda: "\ntargets" in text(root))


def names(answer: Any) -> list[str]:
    """The labels of an answer to a completion."""
    items = answer.get("items", ()) if isinstance(answer, dict) else answer or ()
    return [item["label"] for item in items]


def test_hover(kate: Callable[..., Desk]) -> None:
    desk = kate(".driven/rules/api.md", 3, 2)
    before = desk.windows()
    desk.act("Symbol Info")
    said = kit.wait_for("a hover", lambda: [answer for answer in desk.answers("textDocument/hover") if answer])
    assert "paths" in str(said[-1]["contents"])
    kit.wait_for("the hover on the screen", lambda: desk.windows() - before)
    desk.shot("kate-hover")


def test_a_save_syncs_all_editors(kate: Callable[..., Desk], root: Path) -> None:
    desk = kate(".driven/rules/style.md", 1, 1)
    desk.changes(lambda: desk.keys("ctrl+End"))
    desk.write("- Written in Kate.")
    desk.save()
    for path in kit.emitted(root):
        kit.wait_for(f"the sync of {path}", lambda path=path: "Written in Kate" in kit.emitted(root)[path])  # type: ignore[misc]


def test_rename(kate: Callable[..., Desk], root: Path) -> None:
    """What names the rule is changed by Kate, which renames no files; the file is renamed by the server."""
    desk = kate(".driven/rules/api.md", 8, 42)
    desk.changes(lambda: desk.keys("F2"))
    desk.shot("kate-rename")
    desk.keys("ctrl+a")
    desk.type("layout")
    desk.keys("Return")
    kit.wait_for("the edits", lambda: desk.answers("textDocument/rename"))
    kit.wait_for("the new name in the text", lambda: "(layout.md)" in desk.last_change())
    desk.save()
    kit.wait_for("the saved text", lambda: "(layout.md)" in text(root, ".driven/rules/api.md"))
    kit.wait_for("the file's new name", lambda: (root / ".driven/rules/layout.md").exists())
    assert not (root / ".driven/rules/style.md").exists()


def test_the_end_is_clean(kate: Callable[..., Desk]) -> None:
    """Kate sends `shutdown` as a notification, without an id, and then `exit`; it kills a server that stays."""
    desk = kate(BROKEN, 1, 1)
    assert desk.quit() == 0
    assert desk.said("shutdown", "editor") and desk.said("exit", "editor")
    ends = kit.wait_for("the server's end", lambda: [entry["exit"] for entry in desk.talk() if "exit" in entry])
    assert ends[0] in (0, 1)
