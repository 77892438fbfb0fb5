"""Vim and ALE of Debian, real and on a terminal, with the linter installed as docs/editors/vim.md says.

One session (`vim/scenario.vim`); each test looks at one thing that it saw. For the other clients of Vim, the page's
configuration is checked for form.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from clients import kit
from clients.test_neovim import PATIENCE, blocks, places

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PAGE = REPOSITORY / "docs" / "editors" / "vim.md"
VIM = "/usr/bin/vim"


def block(language: str, *words: str) -> str:
    """The one block of the page whose first line has these words."""
    found = [text for text in blocks(PAGE, language) if all(word in text.partition("\n")[0] for word in words)]
    assert len(found) == 1, f"{len(found)} blocks of {language} in {PAGE.name} begin with {words}"
    return found[0]


class Session:
    """A Vim in a home of its own and on a terminal of its own: the page was followed, then a scenario was played."""

    def __init__(self, folder: Path, part: str = "Session") -> None:
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        server, first = part != "WithoutServer", part == "FirstFinding"
        self.root = kit.init_project(folder) if first else kit.make_project(folder)
        (self.root / "README.md").write_text("# Project\n", encoding="utf-8")
        self.mark = uuid.uuid4().hex
        environment = {
            "HOME": str(self.home),
            "PATH": (str(Path(kit.server_command()[0]).parent) + os.pathsep if server else "") + "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "linux",
            "DRIVEN_PLAN": str(folder / "plan.json"),
            "DRIVEN_MARK": self.mark,
        }
        install = block("sh", "the files")
        subprocess.run(["bash", "-euc", install], cwd=REPOSITORY, env=environment, check=True, timeout=PATIENCE)
        (self.home / ".vimrc").write_text(block("vim", ": ALE"), encoding="utf-8")
        plan = {
            "result": str(folder / "result.json"),
            "root": str(self.root),
            "emitted": kit.FIRST if first else list(kit.emitted(self.root)),
            "typed": blocks(PAGE, "markdown")[0].rstrip("\n"),
            "patience": PATIENCE,
            "part": f"s:{part}",
        }
        (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        command = [VIM, "-i", "NONE", "-n", "-S", str(HERE / "vim" / "scenario.vim")]
        vim = subprocess.Popen(
            command, cwd=self.root, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        screen = bytearray()
        reader = threading.Thread(target=self._read, args=(ours, screen), daemon=True)
        reader.start()
        try:
            vim.wait(10 * PATIENCE)
        except subprocess.TimeoutExpired:  # what was seen until then is judged
            vim.kill()
            vim.wait()
        reader.join(5)
        os.close(ours)
        result = folder / "result.json"
        assert result.exists(), f"the session wrote nothing; the screen:\n{screen[-4000:].decode(errors='replace')}"
        told = json.loads(result.read_text(encoding="utf-8"))
        self.seen: dict[str, dict[str, Any]] = told["seen"]
        self.messages: str = told["messages"]

    @staticmethod
    def _read(terminal: int, screen: bytearray) -> None:
        try:
            while more := os.read(terminal, 65536):
                screen += more
        except OSError:
            return

    def __getitem__(self, name: str) -> Any:
        """What a step saw; it fails here when the step did."""
        assert name in self.seen, f"the session never came to `{name}`; it saw {list(self.seen)}"
        assert "error" not in self.seen[name], self.seen[name]["error"]
        return self.seen[name]["value"]

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


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The one played session."""
    return Session(tmp_path_factory.mktemp("vim"))


def test_a_diagnostic_appears_once_at_the_word(session: Session) -> None:
    seen = session["diagnostic"]
    assert seen["text"] == "prioritty"
    assert "prioritty" in seen["message"]
    assert (seen["count"], seen["filetype"]) == (1, "markdown")


def test_a_fix_is_applied_and_the_diagnostic_goes(session: Session) -> None:
    session["fix"]
    session["diagnostic goes"]
    session["diagnostic comes back"]
    session["diagnostic goes by hand"]


def test_positions_hold_after_what_is_not_ascii(session: Session) -> None:
    assert session["positions"] == "\u200b"
    session["positions of a fix"]


def test_completion_on_request_and_while_typing(session: Session) -> None:
    assert {"always", "manual"} <= set(session["completion"])
    session["completion ends"]
    assert session["completion while typing"] == ["always"]
    assert session["completion is taken"] == "apply: always"


def test_completion_of_a_path_keeps_what_stands_before(session: Session) -> None:
    assert session["completion of a glob"].startswith('paths: ["src/api/')


def test_hover_tells_of_a_key(session: Session) -> None:
    assert "always" in session["hover"]


def test_definition_follows_a_reference(session: Session) -> None:
    session["definition"]


def test_a_save_writes_every_editors_files(session: Session) -> None:
    session["save"]


def test_the_commands(session: Session) -> None:
    assert "driven: " in session[":Driven sync"]
    assert "style" in session[":Driven explain"]
    assert any(".cursor/rules/api.mdc" in line for line in session[":Driven emitted"])
    assert session[":Driven emitted EDITOR"] == "markdown"
    session[":Driven rule"]
    name, said = session[":Driven sync where it is explained"]
    assert name == "driven://explain" and "up to date" in said
    (row,) = [line for line in session["a rule explained"].split("\n") if line.startswith("Cursor ")]
    assert re.match(r"Cursor +\.cursor/rules/api\.mdc +native: ", row)
    assert [path.rpartition("/")[2] for path in session[":Driven matches"]] == ["orders.ts", "users.ts"]
    words = ["adopt", "emitted", "explain", "info", "matches", "rename", "resolve", "rule", "sync"]
    assert all(word in session[":Driven, a word that is none"] for word in words)
    assert session[":Driven, completed"] == [words, ["rename", "resolve"], ["rule", "edited"]]


def test_a_conflict_is_decided(session: Session) -> None:
    assert session["a conflict"] == "- Use two spaces."
    session[":Driven resolve"]
    session["no conflict in the file"]
    session["no conflict in the rule"]


def test_a_rule_is_renamed_everywhere(session: Session) -> None:
    assert session["rename of a reference"]  # ALE renames no file; the page says what does
    assert session["rename"].endswith(".driven/rules/code-style.md")
    session["rename synced"]


def test_a_file_that_is_no_rule_is_left_alone(session: Session) -> None:
    assert session["a file that is no rule"] == ""
    assert session["connections"] == 1


def test_the_first_finding_as_the_page_says(tmp_path: Path) -> None:
    session = Session(tmp_path, "FirstFinding")
    session["the rule is typed"]
    assert session["a sign"] == 3
    said = "`prioritty` is not a key of a rule; did you mean `priority`?"
    assert said in session["the line below"]
    assert said in " ".join(PAGE.read_text(encoding="utf-8").split())
    session["a repair"]
    session["write"]
    assert any(".cursor/rules/tests.mdc" in line for line in session[":Driven emitted"])


def test_the_server_ends_with_the_editor(session: Session) -> None:
    kit.wait_for("the end of the server", lambda: not session.left(), 5)


def test_a_missing_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    session = Session(tmp_path, "WithoutServer")
    for words in ("`driven` was not found", "pip install .", "g:ale_markdown_driven_executable"):
        assert words in session["told"]
    assert "not found" not in session["told once"]


def test_the_linter_knows_the_rule_files_that_the_server_knows(tmp_path: Path) -> None:
    expected = places()
    (tmp_path / "paths.txt").write_text("".join(f"{path}\n" for path in expected), encoding="utf-8")
    script = "call writefile(map(readfile('paths.txt'), 'driven#IsRuleFile(v:val)'), 'answer.txt')"
    command = [VIM, "-es", "-u", "NONE", "-i", "NONE", "--cmd", "set nocompatible"]
    command += ["--cmd", f"set rtp+={REPOSITORY / 'editors' / 'vim'}", "-c", script, "-c", "qa!"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    answers = (tmp_path / "answer.txt").read_text(encoding="utf-8").splitlines()
    assert dict(zip(expected, (answer == "1" for answer in answers), strict=True)) == expected


def test_a_name_makes_the_id_that_the_server_makes(tmp_path: Path) -> None:
    from driven.errors import UsageError
    from driven_lsp.taking import id_of_name

    names = [
        "style",
        "My Rule",
        "API/Écrire_tests.v2.md",
        " /a//b/ ",
        "../x",
        "a/..",
        "-x-",
        "日本",
        "a/日本",
        "e\u0301 È",
        "Ñandú",
    ]
    expected = []
    for name in names:
        try:
            expected.append(id_of_name(name))
        except UsageError:
            expected.append("")
    assert "my-rule" in expected and "" in expected
    (tmp_path / "names.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    script = "call writefile(map(readfile('names.txt'), 'driven#RuleId(v:val)'), 'answer.txt')"
    command = [VIM, "-es", "-u", "NONE", "-i", "NONE", "--cmd", "set nocompatible encoding=utf-8"]
    command += ["--cmd", f"set rtp+={REPOSITORY / 'editors' / 'vim'}", "-c", script, "-c", "qa!"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    assert (tmp_path / "answer.txt").read_text(encoding="utf-8").splitlines() == expected


def test_both_plugins_know_the_same_file_types() -> None:
    folder = REPOSITORY / "editors"
    here = (folder / "vim" / "ftdetect" / "driven.vim").read_text(encoding="utf-8")
    assert here == (folder / "neovim" / "ftdetect" / "driven.vim").read_text(encoding="utf-8")


@pytest.mark.parametrize("client", ["vim-lsp", "yegappan/lsp"])
def test_the_configuration_of_another_client_is_vim_script(client: str, tmp_path: Path) -> None:
    """It is sourced by Vim, and what it registers when that client calls is looked at."""
    stub = tmp_path / "autoload" / "lsp"
    stub.mkdir(parents=True)
    (stub.parent / "lsp.vim").write_text("func! lsp#register_server(x)\n  let g:got = a:x\nendfunc\n", encoding="utf-8")
    (tmp_path / "snippet.vim").write_text(block("vim", client), encoding="utf-8")
    (tmp_path / "check.vim").write_text(
        "func! LspAddServer(x)\n  let g:got = a:x[0]\nendfunc\n"
        "source snippet.vim\ndoautocmd User lsp_setup\ndoautocmd User LspSetup\n"
        "if has_key(g:got, 'cmd') | let g:got.cmd = g:got.cmd({}) | endif\n"
        "call filter(g:got, 'type(v:val) != v:t_func')\ncall writefile([json_encode(g:got)], 'got.json')\nqa!\n",
        encoding="utf-8",
    )
    command = [VIM, "-es", "-u", "NONE", "-i", "NONE", "--cmd", f"set nocompatible rtp^={tmp_path}", "-S", "check.vim"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    got = json.loads((tmp_path / "got.json").read_text(encoding="utf-8"))
    assert got.get("cmd", [got.get("path"), *got.get("args", [])]) == ["driven", "lsp"]
    assert got["name"] == "driven"
    assert "markdown" in got.get("allowlist", got.get("filetype"))


def test_the_configuration_of_coc_is_json() -> None:
    (text,) = blocks(PAGE, "json")
    server = json.loads(text)["languageserver"]["driven"]
    assert [server["command"], *server["args"]] == ["driven", "lsp"]
    assert server["rootPatterns"][0] == ".driven"


def test_the_help_has_its_tags(session: Session) -> None:
    tags = (session.home / ".vim/pack/driven/start/driven/doc/tags").read_text(encoding="utf-8")
    assert re.search(r"^:Driven\t", tags, re.MULTILINE)
