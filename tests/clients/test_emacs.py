"""Emacs with Eglot, and with lsp-mode: set up as the page says, in a clean home, and used as a person uses it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clients import kit

HERE = Path(__file__).resolve().parent / "emacs"
PAGE = HERE.parents[2] / "docs" / "editors" / "emacs.md"
SOURCES = kit.EDITORS / "emacs"
CLIENTS = ("eglot", "lsp-mode")


def snippets() -> dict[str, str]:
    """The settings of the page, by client."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = [re.sub(r"(?m)^ {3}", "", block) for block in re.findall(r"(?ms)^ *```elisp\n(.*?)^ *```", text)]
    return {client: next(block for block in blocks if f"(require '{client})" in block) for client in CLIENTS}


def emacs(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `emacs --batch` with that home, as it comes from Debian, its packages found."""
    assert shutil.which("emacs"), "emacs is not installed: tests/clients/install.sh"
    command = Path(kit.server_command()[0])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "EMACS"))}
    environment |= {"HOME": str(home), "PATH": f"{command.parent}{os.pathsep}{environment['PATH']}", "LANG": "C.UTF-8"}
    return subprocess.run(
        ["emacs", "--batch", "-f", "package-initialize", *arguments],
        env=environment | variables,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=4 * kit.PATIENCE,
    )


def at_home(folder: Path, client: str) -> Path:
    """A clean home, set up as the page says."""
    home = folder / "home"
    (home / ".emacs.d").mkdir(parents=True)
    shutil.copytree(SOURCES, home / ".emacs.d" / "driven")
    # `project-current` finds the project by its .git: lsp-mode takes it for the root without asking.
    asked = "(setq lsp-auto-guess-root t)\n" if client == "lsp-mode" else ""
    (home / ".emacs.d" / "init.el").write_text(asked + snippets()[client], encoding="utf-8")
    return home


@pytest.fixture(scope="module", params=CLIENTS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Emacs saw in one session, and the project afterwards: `root`."""
    client: str = request.param
    folder = tmp_path_factory.mktemp(client)
    home, root, answers = at_home(folder, client), kit.make_project(folder), folder / "answers.json"
    init = home / ".emacs.d" / "init.el"
    done = emacs(home, "-l", str(init), "-l", str(HERE / "steps.el"), str(root), str(answers), DRIVEN_CLIENT=client)
    assert answers.exists(), done.stderr[-4000:]
    saw: dict[str, Any] = json.loads(answers.read_text(encoding="utf-8"))
    assert saw.get("done") and done.returncode == 0, done.stderr[-4000:]
    return saw | {"client": client, "root": root}


def test_nothing_went_wrong(session: dict[str, Any]) -> None:
    assert session["errors"] == {}


def test_a_diagnostic_appears_and_goes(session: dict[str, Any]) -> None:
    assert any(line == 3 and "prioritty" in text for line, text in session["diagnostics"])
    assert session["gone"] is True


def test_a_rule_file_is_markdown(session: dict[str, Any]) -> None:
    assert (session["mode"], session["derived"]) == ("driven-rule-mode", "markdown-mode")


def test_completion(session: dict[str, Any]) -> None:
    assert any(label.startswith("targets") for label in session["completions"]), session["completions"]
    assert not any(label.startswith("description") for label in session["completions"])


def test_hover(session: dict[str, Any]) -> None:
    assert "priority" in session["hover"]


def test_a_fix_is_applied(session: dict[str, Any]) -> None:
    assert "\npriority: 10\n" in session["fixed"] and "prioritty" not in session["fixed"]
    assert "\npriority: 10\n" in (session["root"] / ".driven/rules/broken.md").read_text(encoding="utf-8")


def test_a_save_syncs_all_editors(session: dict[str, Any]) -> None:
    assert session["synced"] is True
    assert session["mode-line"].startswith(" driven")


def test_rename(session: dict[str, Any]) -> None:
    """lsp-mode renames the file; Eglot 1.9 renames none, so the server does it."""
    assert session["renamed"] is True
    assert "(layout.md)" in session["api"]
    assert "layout.md" in session["rules"] and "style.md" not in session["rules"]


def test_rename_by_driven_renames_the_file(session: dict[str, Any]) -> None:
    assert session["renamed-to"] == ".driven/rules/failures.md"
    assert "failures.md" in session["rules-after"] and "errors.md" not in session["rules-after"]


def test_commands(session: dict[str, Any]) -> None:
    assert "api" in session["explained"] and "src/api/users.ts" in session["explained"]
    assert session["sync-said"]
    assert (session["emitted"], session["emitted-mode"]) == (".claude/rules/style.md", "driven-rule-mode")
    assert session["rule"] == ".driven/rules/style.md"
    assert session["new"] == ".driven/rules/errors.md"
    assert session["new-text"].startswith("---\ndescription: Errors\n---\n")


def test_a_conflict_has_two_sides(session: dict[str, Any]) -> None:
    """Rule and editor's file say different things; the mode line tells, both are shown, one is kept."""
    assert session["conflict-mode-line"] == " driven:1 conflict"
    assert ".claude/rules/style.md" in session["conflict-said"]
    ours, theirs = session["sides"]
    assert "Use three spaces" in ours and "Use two spaces" in theirs
    assert "Use two spaces" in session["resolved"] and "three" not in session["resolved"]


def test_fix_all(session: dict[str, Any]) -> None:
    assert "\npriority: 3\n" in session["all-fixed"] and "prioritty" not in session["all-fixed"]


def test_the_end_is_clean(session: dict[str, Any]) -> None:
    """The server is gone, it was told so, and it left nothing undone."""
    assert session["ended"] < 3
    command = [kit.server_command()[0], "--root", str(session["root"]), "sync", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=kit.PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_compiles_without_a_warning(tmp_path: Path) -> None:
    shutil.copytree(SOURCES, tmp_path / "driven")
    files = sorted(str(path) for path in (tmp_path / "driven").glob("*.el"))
    done = emacs(
        tmp_path, "-L", str(tmp_path / "driven"), "--eval", "(setq byte-compile-error-on-warn t)",
        "-f", "batch-byte-compile", *files,
    )  # fmt: skip
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr
    assert len(list((tmp_path / "driven").glob("*.elc"))) == len(files) == 3


def test_without_markdown_mode(tmp_path: Path) -> None:
    """Emacs has no mode for Markdown of its own: rule files are plain text there."""
    done = emacs_without_packages(
        tmp_path, "(with-temp-buffer (driven-rule-mode) (princ (derived-mode-p 'text-mode)) (princ major-mode))"
    )
    assert done == "text-modedriven-rule-mode"


def test_its_files_are_the_rule_files(tmp_path: Path, look: Callable[[], list[str]]) -> None:
    """Each path that is a rule file opens in a mode of driven.el, and no other path does."""
    paths = look()
    code = f"(dolist (path '({' '.join(json.dumps('/p/' + path) for path in paths)})) " + (
        '(princ (format "%s\\n" (if (driven-rule-file-p path) 1 0))))'
    )
    assert emacs_without_packages(tmp_path, code).split() == ["1"] * len(paths)
    others = ["README.md", "docs/guide.md", ".github/PULL_REQUEST_TEMPLATE.md", "src/rules/a.md", "Cargo.toml"]
    code = f"(dolist (path '({' '.join(json.dumps('/p/' + path) for path in others)})) " + (
        '(princ (format "%s\\n" (if (driven-rule-file-p path) path 0))))'
    )
    assert emacs_without_packages(tmp_path, code).split() == ["0"] * len(others)


@pytest.fixture
def look() -> Callable[[], list[str]]:
    """The Markdown rule files of `driven.document.places`, one path each."""
    from editors.paths import sample_paths

    return lambda: [path for path in sample_paths() if path.endswith((".md", ".mdc", "rules", "hints"))]


def emacs_without_packages(home: Path, code: str) -> str:
    """What `code` prints in an Emacs without any package but driven.el."""
    done = subprocess.run(
        ["emacs", "--batch", "-Q", "-L", str(SOURCES), "-l", "driven", "--eval", code],
        env=os.environ | {"HOME": str(home)}, capture_output=True, text=True, timeout=kit.PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
