"""A project that is kept in sync while it is edited: saves, hand edits, other programs, a server that is killed. Real
servers on real files; what stands in the end is held against a fresh `driven sync` and `driven validate`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import signal
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from checkout import git
from e2e.watching import watching

from lsp.living import PULL, STYLE, Editor, driven, editing, small_project, snapshots, validated

RULES = ".driven/rules"
STYLE_AT = f"{RULES}/style.md"
CURSOR, CLAUDE = ".cursor/rules/style.mdc", ".claude/rules/style.md"
TWO = "version = 1\n\n[editors]\nclaude = true\ncursor = true\n"
BROKEN = "---\nprioritty: 10\n---\n\n# Broken\n\n- A step.\n"


def rule(name: str, *lines: str) -> str:
    return f'---\ndescription: About {name}\npaths: ["{name}/**"]\n---\n\n# {name}\n\n' + "".join(
        f"- {line}\n" for line in (f"Keep {name} in order.", *lines)
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project", {"style": STYLE, "api": rule("api")}, TWO)


def emitted(root: Path) -> dict[str, bytes]:
    """Every file of a project but its sources."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not {".driven", ".git"} & set(path.relative_to(root).parts)
    }


def fresh(root: Path, folder: Path) -> dict[str, bytes]:
    """What a first sync of the same rules writes."""
    folder.mkdir()
    (folder / ".driven").mkdir()
    shutil.copytree(root / RULES, folder / RULES)
    shutil.copy(root / ".driven/config.toml", folder / ".driven/config.toml")
    driven(folder, "sync", "--quiet", codes=(0, 1, 2))
    return emitted(folder)


def holds(root: Path, words: str, *paths: str) -> bool:
    return all((root / path).exists() and words in (root / path).read_text() for path in paths)


# Saves


def test_saves_of_a_rule_of_the_settings_and_of_what_was_written(project: Path) -> None:
    with editing(project) as editor:
        editor.open_file(project / STYLE_AT)
        editor.save(project / STYLE_AT, STYLE + "- From the rule.\n")
        editor.wait_for("the files", lambda: holds(project, "From the rule", CURSOR, CLAUDE))
        config = editor.open_file(project / ".driven/config.toml")
        editor.edit(config, TWO + "windsurf = \n")
        editor.wait_for("the mistake", lambda: editor.codes(config))
        editor.save(project / ".driven/config.toml")
        editor.wait_for("a word", lambda: any("config.toml" in text for text in editor.said))
        editor.save(project / ".driven/config.toml", TWO + "windsurf = true\n")
        editor.until_codes(config)
        editor.wait_for("the new editor's", lambda: holds(project, "From the rule", ".windsurf/rules/style.md"))
        # An edit of what was written, saved: it flows into the rule and from there everywhere.
        editor.open_file(project / CURSOR)
        editor.save(project / CURSOR, (project / CURSOR).read_text() + "- By hand.\n")
        editor.wait_for("the way back", lambda: holds(project, "By hand", STYLE_AT, CLAUDE, ".windsurf/rules/style.md"))
        editor.wait_for("no finding", lambda: not any(editor.told.values()))
    driven(project, "sync", "--check")


def test_a_save_before_the_first_look(project: Path) -> None:
    """Which files driven writes is not known yet: the save is not forgotten."""
    with editing(project) as editor:
        editor.open_file(project / CURSOR)
        editor.save(project / CURSOR, (project / CURSOR).read_text() + "- At once.\n")
        editor.wait_for("the way back", lambda: holds(project, "At once", STYLE_AT, CLAUDE))


def test_a_buffer_with_edits_keeps_a_sync_away(project: Path) -> None:
    with editing(project) as editor:
        uri = editor.open_file(project / CURSOR)
        editor.open_file(project / STYLE_AT)
        editor.edit(uri, editor.texts[uri][1].replace("four spaces", "two spaces, not saved"))
        editor.save(project / STYLE_AT, STYLE + "- Saved.\n")
        editor.wait_for("a word", lambda: any(CURSOR in text and "not saved" in text for text in editor.said))
        assert "save it" in editor.refused("driven.sync")
        assert not holds(project, "- Saved.", CLAUDE)
        editor.save(project / CURSOR)
        editor.wait_for("both", lambda: holds(project, "- Saved.", CLAUDE) and holds(project, "not saved", STYLE_AT))
        # Open and untouched, while somebody else writes the file: the editor loads it again, and nothing waits.
        editor.wait_for("the file", lambda: holds(project, "- Saved.", CURSOR))
        text = (project / CURSOR).read_text()
        editor.save(project / CURSOR, text)
        (project / CURSOR).write_text(text + "- From elsewhere.\n")
        editor.run("driven.sync")
        assert holds(project, "From elsewhere", STYLE_AT, CLAUDE)


def test_buffers_win_over_the_disk(project: Path) -> None:
    """Of one file and of what other files say of it; closed, the disk counts."""
    with editing(project) as editor:
        style = editor.open_file(project / STYLE_AT)
        api = editor.open_file(project / f"{RULES}/api.md")
        editor.edit(api, STYLE.replace("eval", "exec"))
        editor.edit(style, STYLE.replace("eval", "exec"))
        editor.wait_for("a finding of both", lambda: editor.codes(api) or editor.codes(style))
        editor.close(api)
        editor.wait_for("no finding", lambda: not any(editor.told.values()))
        (project / f"{RULES}/api.md").write_text(STYLE.replace("eval", "exec"))
        editor.wait_for("a finding", lambda: any(editor.told.values()))
        editor.close(style)
        editor.wait_for("no finding", lambda: not any(editor.told.values()))


def test_twenty_saves_at_once(tmp_path: Path) -> None:
    names = [f"rule-{number}" for number in range(20)]
    root = small_project(tmp_path / "project", {name: rule(name) for name in names}, TWO)
    with editing(root) as editor:
        for name in names:
            editor.open_file(root / f"{RULES}/{name}.md")
        before = snapshots(root)
        for name in names:
            editor.save(root / f"{RULES}/{name}.md", rule(name, f"{name} was saved."))
        editor.wait_for("all files", lambda: all(
            holds(root, f"{name} was saved", f".cursor/rules/{name}.mdc", f".claude/rules/{name}.md") for name in names
        ))  # fmt: skip
        assert snapshots(root) - before <= 10, "a sync for each of them"
        assert editor.run("driven.sync")["written"] == []
    assert emitted(root) == fresh(root, tmp_path / "fresh")


# Other programs


def test_a_watch_beside_it(project: Path) -> None:
    """One save is synced once, whoever is first; nobody answers the other's writes."""
    with watching(project) as watcher, editing(project) as editor:
        editor.open_file(project / STYLE_AT)
        editor.settle((project / STYLE_AT).as_uri())
        for number in range(4):
            before = snapshots(project)
            editor.save(project / STYLE_AT, STYLE + f"- Save {number}.\n")
            editor.wait_for("the files", lambda n=number: holds(project, f"Save {n}.", CURSOR, CLAUDE))  # type: ignore[misc]
            # Both have looked when both have nothing to do: a sync of each, asked for, writes nothing.
            assert editor.run("driven.sync")["written"] == []
            assert snapshots(project) == before + 1
        editor.open_file(project / CLAUDE)
        editor.save(project / CLAUDE, (project / CLAUDE).read_text() + "- By hand.\n")
        editor.wait_for("the way back", lambda: holds(project, "By hand", STYLE_AT, CURSOR))
        assert editor.run("driven.sync")["written"] == []
        assert snapshots(project) <= 2 + 4 + 2
        assert watcher.process.poll() is None
        watcher.end()


@pytest.mark.parametrize("watches", [False, True], ids=["we watch", "the client watches"])
def test_files_that_others_change(project: Path, tmp_path: Path, watches: bool) -> None:
    git(project, "init", "-q", "-b", "main")
    (project / f"{RULES}/broken.md").write_text(BROKEN)
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    git(project, "checkout", "-qb", "other")
    git(project, "rm", "-q", f"{RULES}/broken.md")
    (project / f"{RULES}/api.md").write_text(BROKEN)
    git(project, "commit", "-qam", "two")
    able: dict[str, Any] = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}} if watches else {}
    with editing(project, capabilities=able, initializationOptions={"status": True}) as editor:
        broken, api, away = project / f"{RULES}/broken.md", project / f"{RULES}/api.md", tmp_path / "away"

        def tell(*paths: Path) -> None:
            if watches:
                changes = [{"uri": path.as_uri(), "type": 2} for path in paths]
                editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})

        editor.until_codes(api, "RUL06")
        if watches:
            editor.wait_for("the registration", lambda: editor.asked)
            watched = editor.asked[0]["params"]["registrations"][0]["registerOptions"]["watchers"]
            assert any(".driven" in one["globPattern"] for one in watched)
        git(project, "checkout", "-q", "main")
        tell(broken, api)
        editor.until_codes(broken, "RUL06")
        editor.until_codes(api)
        # A rule is renamed, and deleted.
        broken.rename(broken.with_name("renamed.md"))
        tell(broken, broken.with_name("renamed.md"))
        editor.until_codes(broken)
        editor.until_codes(broken.with_name("renamed.md"), "RUL06")
        broken.with_name("renamed.md").unlink()
        tell(broken.with_name("renamed.md"))
        editor.until_codes(broken.with_name("renamed.md"))
        # The settings break and are mended.
        config = project / ".driven/config.toml"
        config.write_text("version = [\n")
        tell(config)
        editor.wait_for("the mistake", lambda: editor.codes(config) and state(editor) == "error")
        config.write_text(TWO)
        tell(config)
        editor.wait_for("the cure", lambda: not editor.codes(config) and state(editor) in ("clean", "drift"))
        # A file by hand, in a folder that was not there.
        (project / ".windsurf/rules").mkdir(parents=True)
        (project / ".windsurf/rules/own.md").write_text("---\ntrigger: alway_on\n---\n\n# Own\n\n- A step.\n")
        (project / "CLAUDE.md").write_text("# Project\n\nSee @docs/missing.md\n")
        tell(project / ".windsurf/rules/own.md", project / "CLAUDE.md")
        editor.wait_for("its findings", lambda: editor.codes(project / "CLAUDE.md"))
        editor.wait_for("its findings", lambda: editor.codes(project / ".windsurf/rules/own.md"))
        (project / "CLAUDE.md").unlink()
        tell(project / "CLAUDE.md")
        editor.until_codes(project / "CLAUDE.md")
        # All of it goes, and comes back.
        shutil.move(project / ".driven", away)
        tell(project / STYLE_AT, config)
        editor.wait_for("no project", lambda: state(editor) == "none")
        broken_away = away / "rules/broken.md"
        broken_away.write_text(BROKEN)
        shutil.move(away, project / ".driven")
        tell(project / STYLE_AT, config, broken)
        editor.until_codes(broken, "RUL06")


def state(editor: Editor) -> str:
    return str(editor.status[-1]["roots"][0]["state"]) if editor.status else ""


def test_another_process_writes(project: Path) -> None:
    """A save waits for its turn; questions do not."""
    with editing(project) as editor:
        uri = editor.open_file(project / STYLE_AT)
        handle = os.open(project / ".driven/state/lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            editor.save(project / STYLE_AT, STYLE + "- It waited.\n")
            number = editor.ask("workspace/executeCommand", {"command": "driven.sync", "arguments": [{}]})
            assert editor.hover(uri, 1, 2)["result"]
            editor.edit(uri, BROKEN)
            editor.until_codes(uri, "RUL06")
            assert number not in editor.answers and not holds(project, "It waited", CURSOR)
        finally:
            os.close(handle)
        editor.wait_for("its turn", lambda: holds(project, "It waited", CURSOR, CLAUDE))
        editor.wait_for("the answer", lambda: number in editor.answers)
        assert "result" in editor.answers[number]
        # The end of the session does not wait for it.
        handle = os.open(project / ".driven/state/lock", os.O_RDWR)
        fcntl.flock(handle, fcntl.LOCK_EX)
        editor.save(project / STYLE_AT, STYLE)
        editor.settle(uri)
        editor.close(uri)
    os.close(handle)


def test_killed_in_the_middle_of_a_sync(tmp_path: Path) -> None:
    """After each kill the next sync leaves what an undisturbed one would."""
    names = [f"rule-{number}" for number in range(40)]
    root = small_project(tmp_path / "project", {name: rule(name) for name in names}, TWO)
    begun = root / ".driven/state/journal"
    for turn, last in enumerate(("journal", names[0], names[20], names[39])):
        words = f"turn {turn}"
        for name in names:
            (root / f"{RULES}/{name}.md").write_text(rule(name, words))
        with Editor(root) as editor:
            editor.open_file(root / f"{RULES}/{names[0]}.md")
            editor.settle((root / f"{RULES}/{names[0]}.md").as_uri())
            stop = threading.Event()

            def killer(editor: Editor = editor, last: str = last, words: str = words, stop: Any = stop) -> None:
                path = root / f".cursor/rules/{last}.mdc"
                while not stop.is_set():
                    if begun.exists() if last == "journal" else words in path.read_text():
                        editor.process.send_signal(signal.SIGKILL)
                        return

            thread = threading.Thread(target=killer)
            thread.start()
            try:
                editor.save(root / f"{RULES}/{names[0]}.md")
                assert editor.process.wait(30) == -signal.SIGKILL
            finally:
                stop.set()
                thread.join()
        for path, data in emitted(root).items():
            assert data.endswith(b"\n") or path.endswith(".drvtmp"), f"{path} is half"
        with editing(root) as editor:
            editor.run("driven.sync")
            assert editor.run("driven.sync")["written"] == []
        assert emitted(root) == fresh(root, tmp_path / f"fresh-{turn}")


# Anything at all


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_it_ends_as_the_command_line_has_it(tmp_path: Path, seed: int) -> None:
    """A random day of opens, edits, saves, closes and other programs' writes. Once all is saved, what the server found
    is what `driven validate` finds, and what it wrote is what a fresh `driven sync` writes."""
    chance = random.Random(seed)
    names = ["style", "api", "web", "deep/db"]
    root = small_project(tmp_path / "project", {name: rule(name) for name in names}, TWO)
    paths = [root / f"{RULES}/{name}.md" for name in [*names, "new", "deep/new"]]
    outputs = [root / path for name in names for path in (f".cursor/rules/{name}.mdc", f".claude/rules/{name}.md")]
    hand = [root / "CLAUDE.local.md", root / ".windsurf/rules/own.md"]
    pulls = bool(seed % 2)
    with editing(root, capabilities=PULL if pulls else {}) as editor:
        for step in range(30):
            path = chance.choice([*paths, *paths, *hand, *outputs])
            uri = path.as_uri()
            what = chance.choice(["open", "edit", "edit", "save", "save", "close", "write", "ask", "delete"])
            text = path.read_text() if path.exists() else ""
            if path in outputs:
                said = text + f"- Hand {step}.\n" if text else ""
            elif path in hand:
                said = f"# Own\n\n- Step {step}.\n" + chance.choice(["", "See @nowhere.md\n", "\nSee [x](gone.md).\n"])
            else:
                said = chance.choice([
                    rule(path.stem, f"Step {step}."), rule(path.stem, f"Step {step}.", "See [x](style.md)."), "---\n",
                    BROKEN.replace("A step", f"Step {step}"), rule(path.stem, f"See [gone {step}](gone.md)."), "",
                ])  # fmt: skip
            if what == "delete" and path in paths[4:] + hand:
                path.unlink(missing_ok=True)
            elif what == "write" and said:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(said)
            elif what == "open" and uri not in editor.texts and path.exists():
                editor.open_file(path)
            elif uri in editor.texts and what == "edit" and said:
                editor.edit(uri, said)
            elif uri in editor.texts and what == "save" and (path not in outputs or path.exists()):
                editor.save(path)
            elif uri in editor.texts and what == "close":
                editor.close(uri)
            elif uri in editor.texts and what == "ask":
                editor.hover(uri, 1, 2)
        for path in paths + hand:
            if path.as_uri() in editor.texts:
                editor.save(path)
        for path in outputs:
            if path.as_uri() in editor.texts:
                editor.close(path.as_uri())
        for _ in range(3):  # what is taken from one edit may meet the next one
            for path in editor.run("driven.sync")["conflicts"]:
                editor.run("driven.resolveConflict", uri=(root / path).as_uri(), take="rule")
        expected = {one for one in validated(root) if one[0]}

        def agrees() -> bool:
            return found(editor, root, pulls) == expected

        with contextlib.suppress(AssertionError):
            editor.wait_for("the findings", agrees, 10)
        assert found(editor, root, pulls) == expected
    others = [path.relative_to(root).as_posix() for path in hand if path.exists()]
    mine = {path: data for path, data in emitted(root).items() if path not in others}
    texts = [path.read_text() for path in (root / RULES).rglob("*.md")]
    lost = any("prioritty" in text or text in ("", "---\n") for text in texts)
    fresh_ones = fresh(root, tmp_path / "fresh")
    if not lost:
        assert mine == fresh_ones
    else:  # a rule that cannot be read keeps what it gave
        assert fresh_ones.items() <= mine.items()


def found(editor: Editor, root: Path, pulls: bool) -> set[tuple[str, str, int, str]]:
    """What the client knows: path, code, line, message."""
    told = dict(editor.told)
    if pulls:
        assert told == {}
        number = editor.ask("workspace/diagnostic", {"previousResultIds": []})
        editor.settle(root.as_uri() + "/x")  # with nothing to tell it would wait
        editor.notify("$/cancelRequest", {"id": number})
        editor.wait_for("its end", lambda: number in editor.answers)
        items = editor.answers[number].get("result", {}).get("items", [])
        told = {item["uri"]: item["items"] for item in items}
        told |= {uri: editor.pulled(uri)["items"] for uri in editor.texts}
    top = unquote(root.as_uri()) + "/"
    return {
        (unquote(uri).removeprefix(top), one["code"], one["range"]["start"]["line"] + 1, one["message"].split("\n")[0])
        for uri, items in told.items()
        for one in items
    }
