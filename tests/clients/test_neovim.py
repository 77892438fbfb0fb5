"""Neovim 0.7.2 and 0.11.4, headless and real, with the plugin installed as docs/editors/neovim.md says.

Each way to set it up is one session of one editor (`neovim/scenario.lua`), and each test looks at one thing that the
session saw.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients import kit

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PAGE = REPOSITORY / "docs" / "editors" / "neovim.md"
NEOVIMS = {"0.7.2": "/usr/bin/nvim", "0.11.4": str(kit.TOOLS / "python" / "bin" / "nvim")}
WAYS = {  # name -> (version, the block of the page that becomes init.lua)
    "0.7.2 setup": ("0.7.2", "setup"),
    "0.11.4 setup": ("0.11.4", "setup"),
    "0.11.4 native": ("0.11.4", "native"),
}
PATIENCE = float(os.environ.get("DRIVEN_E2E_STEP") or 30)  # seconds that a session waits for one thing
TARGETS = ("agents", "aider", "claude", "cline", "copilot", "cursor", "windsurf")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page that are of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def block(language: str, *words: str) -> str:
    """The one block of the page whose first line has these words."""
    found = [text for text in blocks(PAGE, language) if all(word in text.partition("\n")[0] for word in words)]
    assert len(found) == 1, f"{len(found)} blocks of {language} in {PAGE.name} begin with {words}"
    return found[0]


class Session:
    """A Neovim in a home of its own: what the page says was done there, then a scenario was played."""

    def __init__(self, folder: Path, version: str, init: str, part: str = "whole") -> None:
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.root = kit.make_project(folder) if part != "first" else kit.init_project(folder)
        (self.root / "README.md").write_text("# Project\n", encoding="utf-8")
        self.mark = uuid.uuid4().hex
        server = str(Path(kit.server_command()[0]).parent) + os.pathsep
        self.environment = {
            "HOME": str(self.home),
            "PATH": ("" if part == "missing" else server) + "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "DRIVEN_PLAN": str(folder / "plan.json"),
            "DRIVEN_MARK": self.mark,
        }
        self.run("bash", "-euc", block("sh", "the plugin"), cwd=REPOSITORY)
        config = self.home / ".config" / "nvim"
        config.mkdir(parents=True)
        (config / "init.lua").write_text(init, encoding="utf-8")
        plan = {
            "result": str(folder / "result.json"),
            "root": str(self.root),
            "name": f"neovim-{version}",
            "emitted": list(kit.emitted(self.root)) if part != "first" else kit.FIRST,
            "typed": blocks(PAGE, "markdown")[0].rstrip("\n"),
            "patience": PATIENCE,
            "part": part,
        }
        (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        scenario = str(HERE / "neovim" / "scenario.lua")
        command = (NEOVIMS[version], "--headless", "-i", "NONE", "-n", "-c", f"luafile {scenario}")
        result = folder / "result.json"
        try:
            self.output = self.run(*command, cwd=self.root)
        except subprocess.TimeoutExpired as error:  # what was seen until then is judged
            self.output = f"the session hung: {error.output!r}"
        assert result.exists(), f"the session wrote nothing; it printed:\n{self.output}"
        told = json.loads(result.read_text(encoding="utf-8"))
        self.seen: dict[str, dict[str, Any]] = told["seen"]
        self.said = told["said"]
        log = [*self.home.rglob("lsp.log")]
        self.log = log[0].read_text(encoding="utf-8") if log else ""

    def run(self, *command: str, cwd: Path) -> str:
        """Run a program in this home; what it printed."""
        done = subprocess.run(
            command, cwd=cwd, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=10 * PATIENCE, check=False,
        )  # fmt: skip
        text = done.stdout.decode("utf-8", "replace")
        assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{text}"
        return text

    def __getitem__(self, name: str) -> Any:
        """What a step saw; it fails here when the step did."""
        assert name in self.seen, f"the session never came to `{name}`: {self.seen.get('the session', self.output)}"
        step = self.seen[name]
        assert "error" not in step, f"{step['error']}\nsaid: {step.get('said')}\nlog: {self.log[-3000:]}"
        return step["value"]

    def left(self) -> list[str]:
        """The programs that this session started and that still run."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


@pytest.fixture(scope="module", params=WAYS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One played session of each way to set the plugin up."""
    version, way = WAYS[request.param]
    yield Session(tmp_path_factory.mktemp("neovim"), version, block("lua", "init.lua", way))


def test_the_version_is_the_one_that_is_meant(session: Session, request: pytest.FixtureRequest) -> None:
    assert session["version"] in NEOVIMS


def test_a_diagnostic_appears_at_the_word(session: Session) -> None:
    seen = session["diagnostic"]
    assert seen["text"] == "prioritty"
    assert "prioritty" in seen["message"]
    assert session["attached once"] == {"clients": 1, "filetype": "markdown"}


def test_nothing_is_shown_twice(session: Session) -> None:
    assert session["not doubled"] == 1


def test_a_diagnostic_goes_with_its_cause(session: Session) -> None:
    session["diagnostic goes"]


def test_a_fix_is_applied(session: Session) -> None:
    assert any("priority" in title for title in session["fix"])


def test_positions_hold_after_what_is_not_ascii(session: Session) -> None:
    assert session["positions"] == "\u200b"


def test_completion_offers_the_values_of_a_key(session: Session) -> None:
    assert "always" in session["completion"]
    assert "manual" in session["completion"]


def test_completion_is_inserted(session: Session) -> None:
    session["completion is inserted"]


def test_hover_tells_of_a_key(session: Session) -> None:
    assert "always" in session["hover"]


def test_definition_follows_a_reference(session: Session) -> None:
    session["definition"]


def test_lenses_are_shown_and_can_be_run(session: Session) -> None:
    assert session["lens"]
    session["lens runs"]


def test_the_statusline_tells_of_the_project(session: Session) -> None:
    assert re.fullmatch(r"driven: \d+ \w+( \w+)?", session["statusline"])


def test_a_save_writes_every_editors_files(session: Session) -> None:
    session["save"]


def test_a_rule_is_renamed_everywhere(session: Session) -> None:
    assert "(code-style.md)" in session["rename"]


def test_explain_says_which_rules_hold(session: Session) -> None:
    seen = session[":Driven explain"]
    assert seen["filetype"] == "text"
    assert "style" in seen["text"]


def test_tables_are_shown_in_columns(session: Session) -> None:
    seen = session["tables in columns"]
    for text in (seen["hovered"], seen["explained"]):
        (row,) = [line for line in text.split("\n") if line.startswith("Cursor ")]
        assert re.match(r"Cursor +\.cursor/rules/api\.mdc +native: ", row), text
        assert "|" not in text
    assert session[":Driven matches"] == ["src/api/orders.ts", "src/api/users.ts"]


def test_rules_and_files_are_picked(session: Session) -> None:
    rules = session[":Driven rules"]
    assert sorted(line.split()[0] for line in rules) == ["api", "broken", "style"]
    emitted = session[":Driven emitted"]
    assert any("Cursor" in line for line in emitted["lines"])
    assert emitted["filetype"] == "markdown"
    assert all("Windsurf" in line for line in session[":Driven emitted EDITOR"])
    session[":Driven rule"]


def test_sync_says_what_it_did(session: Session) -> None:
    assert session[":Driven sync"].startswith("driven: ")


def test_fix_repairs_and_says_so(session: Session) -> None:
    assert "broken.md" in session[":Driven fix"]


def test_a_new_rule_is_opened_and_none_is_overwritten(session: Session) -> None:
    assert session[":Driven new"][0] == "---"
    assert "style" in session[":Driven new, taken"]


def test_info_tells_of_the_server(session: Session) -> None:
    assert "python" in session[":Driven info"]


def test_both_sides_of_a_conflict_are_shown_and_decided(session: Session) -> None:
    seen = session[":Driven compare"]
    assert "two spaces" in seen["sides"][0]
    assert "eight spaces" in seen["sides"][1]
    assert seen["status"] == "driven: 1 conflict"
    assert len(session[":Driven resolve"]) == 2
    session[":Driven adopt"]


def test_the_command_completes_and_names_what_it_knows(session: Session) -> None:
    words = {
        "sync", "explain", "rules", "emitted", "matches", "rule", "compare", "resolve", "adopt", "fix", "new", "info",
    }  # fmt: skip
    seen = session[":Driven, completed"]
    assert sorted(seen["words"]) == sorted(words)
    assert sorted(seen["begun"]) == ["resolve"]
    assert seen["sides"] == ["rule", "edited"]
    assert sorted(seen["editors"]) == sorted(TARGETS)
    assert all(word in session[":Driven, a word that is none"] for word in words)


def test_a_file_that_is_no_rule_is_left_alone(session: Session) -> None:
    assert session["a file that is no rule"] == 0


def test_checkhealth_tells_of_server_project_and_client(session: Session) -> None:
    text = session["checkhealth"]
    for words in (
        "found: ",
        "version: driven ",
        "starts with the first rule file",
        "client 1, project ",
        "offers: ",
        "on Python 3.",
    ):
        assert words in text, text
    assert str(session.root) in text
    assert "ERROR" not in text, text
    assert "WARNING" not in text, text


def test_the_server_ends_with_the_editor(session: Session) -> None:
    kit.wait_for("the end of the server", lambda: not session.left(), 5)
    assert "[ERROR]" not in session.log, session.log
    assert "Error" not in session.output, session.output


@pytest.mark.parametrize("way", WAYS)
def test_a_missing_server_is_told_with_what_to_do(way: str, tmp_path: Path) -> None:
    version, which = WAYS[way]
    session = Session(tmp_path, version, block("lua", "init.lua", which), "missing")
    message = session["told"]
    for words in ("`driven` was not found", "pip install .", "setup({ cmd = ", ":checkhealth driven"):
        assert words in message
    assert session["told once"] == 1
    assert "was not found" in session[":Driven sync"]
    assert "pip install ." in session["checkhealth"]
    assert "ERROR" in session["checkhealth"] or "❌" in session["checkhealth"]


@pytest.mark.parametrize("way", WAYS)
def test_the_first_finding_as_the_page_says(way: str, tmp_path: Path) -> None:
    version, which = WAYS[way]
    session = Session(tmp_path, version, block("lua", "init.lua", which), "first")
    session["the rule is typed"]
    assert session["underlined"] == "prioritty"
    said = "`prioritty` is not a key of a rule; did you mean `priority`?"
    assert said in " ".join(session["open_float"].split())
    assert said in " ".join(PAGE.read_text(encoding="utf-8").split())
    session["code_action"]
    session["write"]
    assert any("(Cursor)" in line for line in session[":Driven emitted"])


@pytest.mark.parametrize("version", NEOVIMS)
def test_the_settings_of_the_page_are_taken(version: str, tmp_path: Path) -> None:
    settings = block("lua", "init.lua", "settings")
    changed = settings.replace("onSave = true", "onSave = false").replace("codelens = false", "codelens = true")
    session = Session(tmp_path, version, changed + block("lua", "init.lua", "statusline"), "settings")
    assert ".driven/rules/style.md" in session["statusline"]
    session["lenses by themselves"]
    assert re.search(r"on_?save\W+false", session["settings"], re.IGNORECASE), session["settings"]


def places() -> dict[str, bool]:
    """Paths and whether they are rule files, made of the tables that the server goes by."""
    from driven.document.places import FOLDERS, NAMES, SUFFIXES, TOP, place_of

    paths = [*NAMES, *TOP, *(f"sub/{name}" for name in NAMES), *(f"src/x{suffix}" for suffix in SUFFIXES)]
    for folder, (_, inner) in FOLDERS.items():
        for name in (*inner, "unknown.txt"):
            paths += [f"{folder}/{name}", f"{folder}/{name}/a.md", f"deep/er/{folder}/{name}/b/c.md"]
    paths += ["README.md", "docs/agents.md", "src/app.ts", ".github/workflows/ci.yml", "rules/a.md", "claude.md.txt"]
    return {path: bool(place_of(path)) for path in paths}


def test_the_plugin_knows_the_rule_files_that_the_server_knows(tmp_path: Path) -> None:
    expected = places()
    (tmp_path / "paths.json").write_text(json.dumps(list(expected)), encoding="utf-8")
    script = (
        "lua local i = vim.fn.json_decode(vim.fn.readfile('paths.json')); local o = {}; "
        "for _, p in ipairs(i) do o[p] = require('driven.places').is_rule_file(p) end; "
        "vim.fn.writefile({vim.fn.json_encode(o)}, 'answer.json')"
    )
    command = [NEOVIMS["0.7.2"], "--headless", "-u", "NONE", "-i", "NONE", "-n"]
    command += ["--cmd", f"set rtp+={REPOSITORY / 'editors' / 'neovim'}", "-c", script, "-c", "qa!"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=kit.PATIENCE, capture_output=True)
    answer = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert {path: answer[path] for path in expected} == expected


def test_the_help_has_its_tags(tmp_path: Path) -> None:
    doc = tmp_path / "doc"
    shutil.copytree(REPOSITORY / "editors" / "neovim" / "doc", doc)
    command = [NEOVIMS["0.7.2"], "--headless", "-u", "NONE", "-i", "NONE", "-c", f"helptags {doc}", "-c", "qa!"]
    done = subprocess.run(command, check=True, timeout=kit.PATIENCE, capture_output=True, text=True)
    assert not done.stderr
    tags = {line.split("\t")[0] for line in (doc / "tags").read_text(encoding="utf-8").splitlines()}
    text = (doc / "driven.txt").read_text(encoding="utf-8")
    assert {"driven", "driven-setup", "driven-status", ":Driven", ":Driven-sync"} <= tags
    assert set(re.findall(r"\|([:\w-]*[dD]riven[\w-]*)\|", text)) <= tags
