"""What is shipped for editors that cannot be run here, read as those editors read it; and pages that say the same."""

from __future__ import annotations

import fnmatch
import json
import py_compile
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from editors.paths import sample_paths

ROOT = Path(__file__).resolve().parents[2]
EDITORS = ROOT / "editors"
PAGES = ROOT / "docs" / "editors"
COMMAND = ["driven", "lsp"]
# What `driven lsp` knows of initializationOptions and of the section `driven` of a configuration.
OPTIONS = {"trusted", "status", "settings"}
SETTINGS = {"sync": {"onSave"}, "codeLens": {"enable"}, "inlayHints": {"enable"}, "diagnostics": {"workspace"}}


def read(path: str) -> str:
    return (EDITORS / path).read_text(encoding="utf-8")


def load(path: str) -> Any:
    """The file at `path`, parsed by its ending."""
    return tomllib.loads(read(path)) if path.endswith(".toml") else json.loads(read(path))


def missed(patterns: list[str]) -> list[str]:
    """The rule files that no pattern of a file name takes."""
    return [path for path in sample_paths()
            if not any(fnmatch.fnmatchcase(path.rpartition("/")[2], pattern) for pattern in patterns)]  # fmt: skip


def assert_settings(section: dict[str, Any]) -> None:
    """Each key is one of the server's."""
    for name, keys in section.items():
        assert set(keys) <= SETTINGS[name]


def test_helix() -> None:
    shipped = load("helix/languages.toml")
    server = shipped["language-server"]["driven"]
    assert [server["command"], *server["args"]] == COMMAND
    assert server["required-root-patterns"] == [".driven"] and set(server["config"]) <= OPTIONS
    # Helix's own suffixes of the languages whose list is not given (languages.toml of 25.07, checked on 2026-11-22).
    patterns = {"toml": ["*.toml"], "yaml": ["*.yml", "*.yaml"], "json": ["*.json"]}
    for language in shipped["language"]:
        assert "driven" in language["language-servers"]
        given = language.get("file-types", [])
        patterns.setdefault(language["name"], []).extend(
            kind["glob"] if isinstance(kind, dict) else f"*.{kind}" for kind in given
        )
    assert {language["name"] for language in shipped["language"]} == set(patterns)
    assert missed([pattern for kind in patterns.values() for pattern in kind]) == []


def test_zed() -> None:
    extension, crate, settings = load("zed/extension.toml"), load("zed/Cargo.toml"), load("zed/settings.json")
    assert extension["id"] == "driven" and extension["schema_version"] == 1
    languages = extension["language_servers"]["driven"]["languages"]
    assert set(extension["language_servers"]["driven"]["language_ids"]) == set(languages)
    assert crate["lib"]["crate-type"] == ["cdylib"] and set(crate["dependencies"]) == {"zed_extension_api"}
    assert set(settings["lsp"]["driven"]["initialization_options"]) <= OPTIONS
    assert_settings(settings["lsp"]["driven"]["settings"]["driven"])
    # A name in `file_types` is the end of a file name in Zed; its own languages have the suffixes.
    given = [f"*{name}" if name.startswith(".") else f"*.{name}" for name in settings["file_types"]["Markdown"]]
    assert missed([*given, "*.md", "*.toml", "*.yml", "*.json"]) == []


def test_zeds_rust_starts_the_server() -> None:
    """There is no Rust here to build it with: what it must say stands in it."""
    code = read("zed/src/lib.rs")
    assert re.search(r'worktree\.which\("driven"\)', code) and 'vec!["lsp".to_string()]' in code
    for method in ("fn new() -> Self", "fn language_server_command(", "fn language_server_initialization_options(",
                   "fn language_server_workspace_configuration(", "zed::register_extension!(Driven);"):  # fmt: skip
        assert method in code
    assert code.count("{") == code.count("}") and code.count("(") == code.count(")")


def test_sublime(tmp_path: Path) -> None:
    client = load("sublime/LSP.sublime-settings")["clients"]["driven"]
    assert client["enabled"] is True and client["command"] == COMMAND
    assert set(client["initializationOptions"]) <= OPTIONS
    assert all(key.split(".")[0] == "driven" for key in client["settings"])
    for key in client["settings"]:
        _, name, inner = key.split(".")
        assert inner in SETTINGS[name]
    plugin = shutil.copy(EDITORS / "sublime" / "driven_rules.py", tmp_path)
    py_compile.compile(plugin, doraise=True)
    names = re.search(r"^NAMES = \((.*)\)$", read("sublime/driven_rules.py"), re.M)
    assert names is not None and "text.html.markdown" in client["selector"]
    given = json.loads(f"[{names[1]}]")
    assert missed([*given, "*.mdc", "*.md", "*.toml", "*.yml", "*.json"]) == []


def test_sublimes_commands_are_the_servers() -> None:
    from driven_lsp import commands

    known = set(re.findall(r'"(driven\.\w+)": self\.', Path(commands.__file__).read_text(encoding="utf-8")))
    for entry in load("sublime/driven.sublime-commands"):
        assert entry["caption"].startswith("Driven: ")
        if entry["command"] == "driven":
            assert f"driven.{entry['args']['command']}" in known
    classes = re.findall(r"^class Driven(\w*)Command", read("sublime/driven_rules.py"), re.M)
    assert sorted(classes) == ["", "NewRule"]


def test_jetbrains() -> None:
    template = load("jetbrains/template.json")
    assert template["programArgs"]["default"].split() == COMMAND
    assert template["programArgs"]["windows"].split() == ["driven.exe", "lsp"]
    mappings = template["fileTypeMappings"]
    assert all(set(mapping) == {"fileType", "languageId"} for mapping in mappings)
    assert missed([pattern for mapping in mappings for pattern in mapping["fileType"]["patterns"]]) == []
    assert set(load("jetbrains/initializationOptions.json")) <= OPTIONS
    assert_settings(load("jetbrains/settings.json")["driven"])


def test_kate() -> None:
    servers = load("kate/settings.json")["servers"]
    assert servers["markdown"]["command"] == COMMAND
    assert servers["markdown"]["rootIndicationFileNames"] == [".driven"]
    assert re.match(servers["markdown"]["highlightingModeRegex"], "Markdown")
    assert servers["toml"]["use"] == "markdown" and re.match(servers["toml"]["highlightingModeRegex"], "TOML")


def test_emacs() -> None:
    """Its lists hold each rule file of Markdown; that its regular expression does is tested in Emacs itself."""
    code = read("emacs/driven.el")
    found = re.findall(r"\(defconst driven-(file-names|file-suffixes|folders)\s+'\((.*?)\)\n", code, re.S)
    lists = {name: re.findall(r'"([^"]+)"', body) for name, body in found}
    assert set(lists) == {"file-names", "file-suffixes", "folders"}
    for path in sample_paths():
        name = path.rpartition("/")[2]
        known = name in lists["file-names"] or name.endswith(tuple(lists["file-suffixes"]))
        inside = any(f"/{folder}/" in f"/{path}" for folder in lists["folders"]) and name.endswith(".md")
        assert known or inside or name.endswith((".toml", ".yml")), path
    assert re.search(r"\(defcustom driven-command '\(\"driven\" \"lsp\"\)", code)
    for header in (";; Author:", ";; Version: 0.1.0", ";; Package-Requires:", ";; Keywords:", ";;; Commentary:"):
        assert header in code


SHIPPED = {
    "helix.md": ["helix/languages.toml"],
    "zed.md": ["zed/settings.json"],
    "sublime.md": ["sublime/LSP.sublime-settings"],
    "jetbrains.md": ["jetbrains/template.json"],
    "kate.md": ["kate/settings.json"],
}


@pytest.mark.parametrize("page", sorted(SHIPPED))
def test_a_snippet_is_the_shipped_file(page: str) -> None:
    text = (PAGES / page).read_text(encoding="utf-8")
    blocks = [re.sub(r"(?m)^ {3}", "", block) for block in re.findall(r"(?ms)^ *```(?:json|toml)\n(.*?)^ *```", text)]
    assert blocks == [read(path) for path in SHIPPED[page]]
    for path in SHIPPED[page]:
        assert f"editors/{path}" in text


@pytest.mark.parametrize("name", ["emacs", "helix", "jetbrains", "kate", "sublime", "zed"])
def test_a_page_leads_from_install_to_the_first_diagnostic(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert "## Install" in text and "## The first diagnostic" in text and "prioritty" in text
    assert ("could not be run" in " ".join(text.split())) == (name not in ("emacs", "kate"))
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (PAGES / link).exists(), link
