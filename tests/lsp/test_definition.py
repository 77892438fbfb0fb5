"""Where what stands at the cursor is defined."""

from __future__ import annotations

from pathlib import Path

from driven_lsp.features.definition import definition
from driven_lsp.values import Here
from lsp.kit import here, snapshot_of

STYLE = ".driven/rules/style.md"
ERRORS = ".driven/rules/backend/errors.md"
ERRORS_TEXT = (
    "---\ndescription: Handle errors\npaths: [src/**]\n---\n\n# Errors\n\nRaise early.\n\n## Log é\n\nOne line.\n"
)
FILES = {
    ERRORS: ERRORS_TEXT,
    STYLE: "# Style\n\nShort.\n",
    "src/a.py": "1\n2\n3\n",
    "docs/x.md": "# X\n\n## The Part\n",
}


def told(asked: Here) -> list[tuple[str, str]]:
    """(path, the line that it begins on) of each target."""
    made = []
    for target in definition(asked):
        document = asked.snapshot.document(target.place.path)
        assert document is not None
        start = target.place.start
        assert start <= target.place.end <= len(document.text)
        made.append((target.place.path, document.text[start:].split("\n")[0]))
    return made


def test_links_imports_paths_and_ids(tmp_path: Path) -> None:
    cases = [
        ("[e](backend/er▮rors.md)", [(ERRORS, "---")]),
        ("`backend/er▮rors`", [(ERRORS, "---")]),
        ("[e](backend/errors.md#lo▮g-é)", [(ERRORS, "Log é")]),
        ("[e](docs/x.md#the-pa▮rt)", [("docs/x.md", "The Part")]),
        ("@docs/x▮.md", [("docs/x.md", "# X")]),
        ("`src/a▮.py:2`", [("src/a.py", "2")]),
        ("[l](src/a.py#L3▮)", [("src/a.py", "3")]),
        ("[gone](nope▮.md)", []),
        ("[k](https://k.l▮)", []),
        ("nothing ▮here", []),
        ("[self](#sty▮le)", [(STYLE, "Style")]),
    ]
    for number, (text, expected) in enumerate(cases):
        assert told(here(tmp_path / str(number), FILES, STYLE, f"# Style\n\né {text}\n")) == expected, text


def test_origin_is_the_word(tmp_path: Path) -> None:
    (target,) = definition(here(tmp_path, FILES, STYLE, "# Style\n\nSee [e](backend/er▮rors.md).\n"))
    text = "# Style\n\nSee [e](backend/errors.md).\n"
    assert text[target.origin_start : target.origin_end] == "backend/errors.md"


def test_editors_and_globs(tmp_path: Path) -> None:
    assert told(here(tmp_path / "a", FILES, STYLE, "---\ntargets: [cla▮ude]\n---\n# S\n")) == [
        (".driven/config.toml", "claude = true")
    ]
    assert told(here(tmp_path / "b", FILES, STYLE, "---\npaths: [src/▮**]\n---\n# S\n")) == [("src/a.py", "1")]
    assert told(here(tmp_path / "c", FILES, STYLE, "---\npaths: [src/a▮.py]\n---\n# S\n")) == [("src/a.py", "1")]


def test_a_rules_title_leads_to_what_is_written(tmp_path: Path) -> None:
    plain = snapshot_of(tmp_path, FILES)
    written = {output.path: output.text for output in plain.outputs.values() if output.whole}
    written["CONVENTIONS.md"] = "# Mine\n\n" + section("aider", plain.outputs["CONVENTIONS.md"].text)
    for cursor in (
        "---\ndescription: Handle er▮rors\n",
        "---\ndescription: Handle errors\npaths: [src/**]\n---\n\n# Er▮rors",
    ):
        text = cursor + ERRORS_TEXT[len(cursor) - 1 :]
        asked = here(tmp_path / str(len(cursor)), {**FILES, **written}, ERRORS, text)
        assert told(asked) == [
            (".claude/rules/backend-errors.md", "Errors"),
            (".clinerules/backend-errors.md", "Errors"),
            (".github/instructions/backend-errors.instructions.md", "Errors"),
            (".cursor/rules/backend-errors.mdc", "Errors"),
            (".windsurf/rules/backend-errors.md", "Errors"),
            ("CONVENTIONS.md", "## Handle errors"),
        ], "its own files in the order of the editors, then those that it shares"
    assert told(here(tmp_path / "none", {**FILES, **written}, ERRORS, ERRORS_TEXT.replace("Raise", "Ra▮ise"))) == []


def section(editor: str, text: str) -> str:
    """A marked section."""
    return f"<!-- driven:begin {editor} — x -->\n{text}<!-- driven:end {editor} -->\n"


def test_emitted_files_lead_to_their_rules(tmp_path: Path) -> None:
    plain = snapshot_of(tmp_path, FILES)
    mdc = plain.outputs[".cursor/rules/backend-errors.mdc"].text
    cases = [
        (mdc.replace("Raise", "Ra▮ise"), "Raise early."),
        (mdc.replace("# Errors", "# Err▮ors"), "# Errors"),
        (mdc.replace("## Log", "## L▮og"), "## Log é"),
        (mdc.replace("globs:", "glo▮bs:"), "paths: [src/**]"),
        (mdc.replace("description:", "desc▮ription:"), "description: Handle errors"),
        (mdc + "New▮ line.\n", "---"),
    ]
    for number, (text, line) in enumerate(cases):
        asked = here(tmp_path / str(number), FILES, ".cursor/rules/backend-errors.mdc", text)
        assert told(asked) == [(ERRORS, line)]


def test_sections_of_a_shared_file(tmp_path: Path) -> None:
    plain = snapshot_of(tmp_path, FILES)
    text = "# Mine\n\nMy own.\n\n" + section("aider", plain.outputs["CONVENTIONS.md"].text)
    cases = [
        (text.replace("My own", "My ▮own"), []),
        (text.replace("Raise", "R▮aise"), [(ERRORS, "Raise early.")]),
        (text.replace("## Handle", "## Han▮dle"), [(ERRORS, "description: Handle errors")]),
        (text.replace("Short.", "Short▮."), [(STYLE, "Short.")]),
        (text.replace("begin aider", "begin ai▮der"), [(".driven/config.toml", "aider = true")]),
    ]
    for number, (marked, expected) in enumerate(cases):
        assert told(here(tmp_path / str(number), FILES, "CONVENTIONS.md", marked)) == expected


def test_an_entry_of_aiders_list_leads_to_the_file(tmp_path: Path) -> None:
    asked = here(tmp_path, {**FILES, "CONVENTIONS.md": "x\n"}, ".aider.conf.yml", "read:\n- CONV▮ENTIONS.md\n")
    assert told(asked) == [("CONVENTIONS.md", "x")]


def test_an_editor_in_the_configuration_leads_to_its_files(tmp_path: Path) -> None:
    config = "[editors]\ncur▮sor = true\n"
    files = {**FILES, ".cursor/rules/style.mdc": "x\n"}
    asked = here(tmp_path, files, ".driven/config.toml", config, config="[editors]\ncursor = true\n")
    assert told(asked) == [(".cursor/rules/style.mdc", "x")]
