"""Links of a rule in the files of editors lead to what they mean in the rule; a link's text is the link."""

from __future__ import annotations

from pathlib import Path

import pytest

from driven.validation.live import Live
from driven_lsp.features.code_action import actions
from driven_lsp.features.definition import definition
from driven_lsp.features.document_link import links
from driven_lsp.features.hover import hover
from driven_lsp.features.references import references
from driven_lsp.features.rename import prepare
from driven_lsp.snapshot import Snapshot
from driven_lsp.values import Here
from lsp.kit import here, snapshot_of, write

STYLE = ".driven/rules/style.md"
API = ".driven/rules/api.md"
PAGE = ".driven/rules/web/page.md"
FILES = {
    STYLE: "---\ndescription: How code looks\n---\n\n# Style\n\nShort.\n",
    API: "---\ndescription: The API\n---\n\n# API\n\nSee [the style](style.md), `web/page.md`, [no](no.md).\n",
    PAGE: "---\npaths: [src/**]\n---\n\n# Page\n\nSee [the API](../api.md) and [x](../../../docs/x.md).\n",
    "src/a.py": "",
    "docs/x.md": "# X\n",
}  # fmt: skip
WHOLE = (
    ".cursor/rules/api.mdc", ".claude/rules/api.md", ".clinerules/api.md", ".windsurf/rules/api.md",
    ".cursor/rules/web-page.mdc", ".github/instructions/web-page.instructions.md",
)  # fmt: skip
SHARED = {"AGENTS.md": "agents", "CONVENTIONS.md": "aider", ".github/copilot-instructions.md": "copilot"}


def synced(tmp_path: Path) -> dict[str, str]:
    """The rules with every file that is written of them; those that people share have text of somebody's own, too."""
    files = dict(FILES)
    for path, output in snapshot_of(tmp_path / "plain", FILES).outputs.items():
        if path in SHARED:
            name = SHARED[path]
            text = f"<!-- driven:begin {name} — x -->\n{output.text}<!-- driven:end {name} -->\n"
            files[path] = f"My [own](style.md).\n\n{text}"
        elif output.whole:
            files[path] = output.text
    return files


def cursor(snapshot: Snapshot, path: str, word: str) -> Here:
    """The cursor inside a word of a file."""
    document = snapshot.document(path)
    assert document is not None
    return Here(snapshot=snapshot, path=path, offset=document.text.index(word) + 1)


def led(asked: Here) -> list[str]:
    return [target.place.path for target in definition(asked)]


def test_links_of_emitted_files_lead_to_what_the_rule_means(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path / "p", synced(tmp_path))
    seen = 0
    for path in (*WHOLE, *SHARED):
        document = snapshot.document(path)
        assert document is not None, path
        for word, to in (
            ("(style.md),", STYLE),
            ("`web/page.md", PAGE),
            ("(../api.md", API),
            ("(../../../docs/x.md", "docs/x.md"),
        ):
            if word not in document.text:
                continue
            asked = cursor(snapshot, path, word)
            assert led(asked) == [to], (path, word)
            told = hover(asked)
            assert told is not None and to.rpartition("/")[2] in told.markdown
            found = [link.path for link in links(asked) if link.start == asked.offset]
            assert found == [to], (path, word)
            assert any(place.path == API for place in references(cursor(snapshot, path, word), True)) or to != API
            seen += 1
    assert seen == 20


def test_text_of_somebodys_own_is_no_copy(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path / "p", synced(tmp_path))
    for path in SHARED:
        assert led(cursor(snapshot, path, "style.md).")) == [], path


def test_a_link_that_leads_nowhere_in_the_rule_is_made_there(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path / "p", synced(tmp_path))
    asked = cursor(snapshot, ".cursor/rules/api.mdc", "no.md")
    assert "Create rule `no`" in [one.title for one in actions(asked, [], [])]


def test_where_rules_go_is_looked_at_again(tmp_path: Path) -> None:
    """The same file is written of another rule: its links count from there."""
    files = {
        ".driven/rules/a-b.md": "# One\n\nSee [it](../../docs/x.md).\n",
        "docs/x.md": "", "src/x.py": "", ".driven/docs/x.md": "", ".driven/config.toml": "[editors]\ncursor = true\n",
    }  # fmt: skip
    write(tmp_path, files)
    write(tmp_path, {".cursor/rules/a-b.mdc": files[".driven/rules/a-b.md"]})
    live = Live(str(tmp_path))
    listed = ["docs/x.md", "src/x.py"]
    from driven_lsp.files import FileIndex

    index = FileIndex(str(tmp_path))
    first = Snapshot(live.refresh({}, lambda: listed), index)
    assert led(cursor(first, ".cursor/rules/a-b.mdc", "../../docs")) == ["docs/x.md"]
    (tmp_path / ".driven/rules/a").mkdir()
    (tmp_path / ".driven/rules/a-b.md").rename(tmp_path / ".driven/rules/a/b.md")
    second = Snapshot(live.refresh({}, lambda: listed), index)
    assert led(cursor(second, ".cursor/rules/a-b.mdc", "../../docs")) == [".driven/docs/x.md"]


@pytest.mark.parametrize("edit", ["", "\nOne more line.\n"], ids=["as written", "edited by hand"])
def test_nobody_is_told_of_a_copy(tmp_path: Path, edit: str) -> None:
    """What holds in the rule is not told of its copy, nor what does not hold: that is told at the rule, once."""
    snapshot = snapshot_of(tmp_path / "p", {path: text + edit for path, text in synced(tmp_path).items()})
    told = {
        path: [one.message.split("`")[1] for one in found if one.code == "GEN08"]
        for path, found in snapshot.view.told.items()
        if any(one.code == "GEN08" for one in found)
    }
    own = {path: ["style.md"] for path in SHARED}
    assert told == {API: ["no.md"], **own}


def test_a_new_link_in_an_edited_file_counts_from_the_rule(tmp_path: Path) -> None:
    files = synced(tmp_path)
    more = "\nAnd [w](web/page.md), [s](stile.md), [x](notes/x.md).\n"
    files[".cursor/rules/api.mdc"] += more
    snapshot = snapshot_of(tmp_path / "p", files)
    told = [one for one in snapshot.view.told[".cursor/rules/api.mdc"] if one.code == "GEN08"]
    assert [(one.message.split("`")[1], one.hint) for one in told] == [
        ("stile.md", "correct the path, or delete the link"),
        ("notes/x.md", "the file of that name is `docs/x.md`: write `../../docs/x.md`"),
    ]


LINKED = """\
# A

## See [the style](style.md)

See [the style](style.md "t"), ![picture](docs/x.md).
"""


def test_the_text_of_a_link_leads_where_the_link_does(tmp_path: Path) -> None:
    asked = here(tmp_path / "a", FILES, API, LINKED.replace('[the style](style.md "', '[the ▮style](style.md "'))
    whole = '[the style](style.md "t")'
    (target,) = definition(asked)
    assert (target.place.path, LINKED[target.origin_start : target.origin_end]) == (STYLE, whole)
    told = hover(asked)
    assert told is not None and "How code looks" in told.markdown
    assert LINKED[told.start : told.end] == whole
    assert STYLE in {place.path for place in references(asked, True)}
    assert prepare(asked) is None, "a rename is of what stands at the cursor"
    assert led(here(tmp_path / "b", FILES, API, LINKED.replace("pict", "pi▮ct"))) == ["docs/x.md"]


def test_a_heading_is_a_title_also_where_it_is_a_link(tmp_path: Path) -> None:
    files = {**FILES, **synced(tmp_path)}
    asked = here(tmp_path / "p", files, API, LINKED.replace("# A\n", "# [A▮](style.md)\n"))
    assert ".cursor/rules/api.mdc" in led(asked)
