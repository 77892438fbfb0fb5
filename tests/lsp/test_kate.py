"""Kate's *Quick Fix*, which asks nobody: what is offered there is what may be done unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clients import kit

from lsp.living import editing

CAPABILITIES = json.loads((Path(__file__).parent / "clients/kate.json").read_text(encoding="utf-8"))["capabilities"]
BROKEN = ".driven/rules/broken.md"
STYLE = ".driven/rules/style.md"


def test_kates_quick_fix_is_given_what_may_be_done_unasked(tmp_path: Path) -> None:
    """Kate 22.12 asks about one finding and the whole document, and carries out every answer."""
    root = kit.make_project(tmp_path)
    path, style = root / BROKEN, root / STYLE
    path.write_text(kit.BROKEN + "- One\u200btwo.\n", encoding="utf-8")
    with editing(root, capabilities=CAPABILITIES) as editor:
        uri = editor.open_file(path)
        editor.wait_for("both findings", lambda: sorted(editor.codes(path)) == ["GEN07", "RUL06"])

        def offered(told: dict[str, Any], lines: int) -> list[dict[str, Any]]:
            asked = {"start": {"line": 0, "character": 0}, "end": {"line": lines, "character": 0}}
            where = {"textDocument": {"uri": told["uri"]}, "range": asked, "context": {"diagnostics": [told["one"]]}}
            answer = editor.call_through("textDocument/codeAction", where)["result"]
            assert isinstance(answer, list)
            return answer

        for one in editor.told[uri]:
            (repair,) = offered({"uri": uri, "one": one}, 9)
            (edit,) = repair["edit"]["changes"][uri]
            assert (edit["newText"], edit["range"]) == ({"RUL06": "priority", "GEN07": ""}[one["code"]], one["range"])
            assert len(offered({"uri": uri, "one": one}, 8)) > 2, "a selection: the person is asked"
        # A side is no answer that may be taken unasked, still less one after the other.
        cursor = root / ".cursor/rules/style.mdc"
        cursor.write_text(cursor.read_text().replace("four", "eight"))
        editor.open_file(style)
        editor.save(style, style.read_text().replace("four", "two"))
        editor.wait_for("the conflict", lambda: editor.codes(style) == ["SYN02"])
        (told,) = editor.told[style.as_uri()]
        (action,) = offered({"uri": style.as_uri(), "one": told}, len(style.read_text().splitlines()))
        assert action["title"] == "Explain SYN02"
