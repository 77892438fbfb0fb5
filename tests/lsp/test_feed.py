"""The rules of a folder, streamed to a client: at every step it has what a fresh look at the folder has."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from driven.streaming.chunks import HEADER, ChunkError, ChunkReceiver
from driven.streaming.operations import WrongBase, replay
from driven.streaming.release import Release, files_of, release_of
from lsp.living import STYLE, Editor, editing, small_project

RULE = "---\ndescription: {0}\n---\n\n# {0}\n\n" + "".join(f"- Step {at} of this rule.\n" for at in range(12))


class Listener:
    """A client's side: what it was sent, and what it makes of it."""

    def __init__(self, editor: Editor, root: Path) -> None:
        self.editor = editor
        self.root = root
        self.release: Release | None = None
        self.told: list[str] = []
        self.seen = 0
        self.receiver: ChunkReceiver | None = None
        self.sink = io.BytesIO()
        self.chunks = 0

    def subscribe(self, base: str = "", method: str = "driven/rules/subscribe") -> Any:
        answer = self.editor.call_through(method, {"uri": self.root.as_uri(), "base": base})
        assert "result" in answer, answer
        number = answer["id"]
        # What came before the answer is of no account: the answer says where to begin.
        self.seen = (
            max(at for at, one in enumerate(self.editor.seen) if one.get("id") == number and "result" in one) + 1
        )
        self.take(answer["result"])
        return answer["result"]

    def take(self, given: dict[str, Any]) -> None:
        """Operations, or the word that they come in chunks."""
        assert given["uri"] == self.root.as_uri()
        if "chunks" in given:
            self.sink = io.BytesIO()
            self.receiver = ChunkReceiver(self.sink, limit=8 << 20)
            self.credit(2)
        elif given["ops"]:
            self.apply(b64decode(given["ops"]))
            assert self.release is not None
            assert self.release.digest.hex() == given["result"]

    def apply(self, ops: bytes) -> None:
        self.release, told = replay(self.release, ops)
        self.told += map(str, told)

    def credit(self, count: int, **more: int) -> None:
        self.editor.notify("driven/rules/credit", {"uri": self.root.as_uri(), "chunks": count, **more})

    def pump(self) -> None:
        """Take what came since."""
        messages, self.seen = self.editor.seen[self.seen :], len(self.editor.seen)
        for message in messages:
            if message.get("method") == "driven/rules/operations":
                self.take(message["params"])
            elif message.get("method") == "driven/rules/chunk":
                self.chunk(b64decode(message["params"]["frame"]))

    def chunk(self, frame: bytes) -> None:
        assert self.receiver is not None
        self.chunks += 1
        got = self.receiver.take(frame)
        if self.receiver.is_done:
            self.receiver = None
            self.apply(self.sink.getvalue())
        elif got:
            self.credit(1)

    def fresh(self, edited: dict[str, str] | None = None) -> dict[str, bytes]:
        """What a look at the folder has now, with what is open and edited."""
        top = self.root / ".driven" / "rules"
        files = {f"rules/{path.relative_to(top).as_posix()}": path.read_bytes() for path in top.rglob("*.md")}
        return files | {f"rules/{path}": text.encode() for path, text in (edited or {}).items()}

    def until(self, wanted: dict[str, bytes]) -> None:
        def has() -> bool:
            self.pump()
            return self.release is not None and files_of(self.release) == wanted

        self.editor.wait_for("the rules", has)
        assert self.release is not None
        assert self.release.digest == release_of(wanted).digest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rules = {"style": STYLE, **{name: RULE.format(name.title()) for name in ("api", "db", "errors", "web/forms")}}
    return small_project(tmp_path / "project", rules, sync=False)


def test_a_client_has_at_every_step_what_a_fresh_look_has(project: Path) -> None:
    """Random edits on the disk and in the editor; each step is waited for."""
    pick = random.Random(3)
    rules = project / ".driven" / "rules"
    with editing(project) as editor:
        listener = Listener(editor, project)
        listener.subscribe()
        listener.until(listener.fresh())
        edited: dict[str, str] = {}
        uri = editor.open_file(rules / "errors.md")
        for step in range(14):
            paths = sorted(path for path in rules.rglob("*.md") if path.name != "errors.md")
            path = pick.choice(paths)
            match step % 7:
                case 0:
                    path.write_text(path.read_text() + f"\n## Section {step}\n\n- More.\n")
                case 1:
                    (rules / f"new-{step}.md").write_text(RULE.format(f"New {step}"))
                case 2:
                    edited["errors.md"] = editor.texts[uri][1].replace("Step 3", f"Stride {step}")
                    editor.edit(uri, edited["errors.md"])
                case 3:
                    path.rename(rules / f"moved-{step}.md")
                case 4:
                    path.write_bytes(b"---\nprioritty: 1\n---\n\nNo rule at all " + bytes([48 + step]))
                case 5:
                    path.unlink()
                case _:
                    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
            editor.notify("workspace/didChangeWatchedFiles", {"changes": [
                {"uri": one.as_uri(), "type": 2} for one in (path, rules / f"new-{step}.md", rules / f"moved-{step}.md")
            ]})  # fmt: skip
            listener.until(listener.fresh(edited))
        editor.save(rules / "errors.md")
        listener.until(listener.fresh())
        assert {"AddSection", "Instantiate", "PatchText", "Remove"} <= {one.split()[0] for one in listener.told}
        assert listener.told.count("FullSync") == 1, "at the start, and never again"


def test_a_client_that_lost_its_way_is_given_everything(project: Path) -> None:
    style = project / ".driven" / "rules" / "style.md"
    with editing(project) as editor:
        listener = Listener(editor, project)
        first = listener.subscribe()
        assert first["base"] == "0" * 64
        before = listener.release
        # It is sent the step from what it has, though the server has gone on.
        assert listener.subscribe(first["result"])["ops"] == ""
        style.write_text(STYLE + "- One.\n")
        editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": style.as_uri(), "type": 2}]})
        listener.until(listener.fresh())
        assert listener.release is not None
        known = listener.release.digest.hex()
        listener.release = before
        again = listener.subscribe(first["result"], "driven/rules/resync")
        assert (again["base"], again["result"]) == (first["result"], known)
        assert listener.told[-1] == "PatchText style"
        # Its own copy was changed: what follows does not fit, and it asks for all of it.
        listener.release = release_of({"rules/other.md": b"# Other\n"})
        style.write_text(STYLE + "- Two.\n")
        editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": style.as_uri(), "type": 2}]})
        with pytest.raises(WrongBase):
            listener.until(listener.fresh())
        listener.subscribe(listener.release.digest.hex(), "driven/rules/resync")
        assert listener.told[-1].startswith("FullSync")
        listener.until(listener.fresh())


def test_a_large_set_comes_in_chunks_as_fast_as_the_client_takes_them(tmp_path: Path) -> None:
    rules = {f"rule-{at:03}": RULE.format(f"{at} " + random.Random(at).randbytes(1500).hex()) for at in range(60)}
    root = small_project(tmp_path / "large", rules, sync=False)
    with editing(root) as editor:
        listener = Listener(editor, root)
        answer = listener.subscribe()
        assert answer["chunks"]["bytes"] > 3 * 65536
        # While it comes, the rules change: that is told when all is there.
        (root / ".driven" / "rules" / "rule-003.md").unlink()
        changed = [{"uri": (root / ".driven" / "rules" / "rule-003.md").as_uri(), "type": 3}]
        editor.notify("workspace/didChangeWatchedFiles", {"changes": changed})
        listener.until(listener.fresh())
        assert listener.chunks >= 4
        assert listener.told[-1] == "Remove rule-003"
        # Again, with a frame that was damaged on its way: the client goes on where it was.
        listener.subscribe("", "driven/rules/resync")
        frames: list[bytes] = []

        def came() -> bool:
            messages, listener.seen = editor.seen[listener.seen :], len(editor.seen)
            frames.extend(
                b64decode(one["params"]["frame"]) for one in messages if one.get("method") == "driven/rules/chunk"
            )
            return len(frames) >= 3

        editor.wait_for("three frames", came)
        assert len(frames) == 3, "the head, and two chunks of credit"
        assert listener.receiver is not None
        listener.receiver.take(frames[0])
        listener.receiver.take(frames[1])
        hurt = bytearray(frames[2])
        hurt[HEADER + 5] ^= 1
        with pytest.raises(ChunkError) as refused:
            listener.receiver.take(bytes(hurt))
        assert refused.value.offset == 65536
        listener.credit(1, offset=refused.value.offset)
        listener.until(listener.fresh())


def test_nobody_who_does_not_ask_is_told(project: Path) -> None:
    style = project / ".driven" / "rules" / "style.md"
    with editing(project) as editor:
        editor.call_through("driven/tree", {})
        assert (
            editor.call_through("driven/rules/subscribe", {"uri": "file:///nowhere/at/all"})["error"]["code"] == -32803
        )
        listener = Listener(editor, project)
        listener.subscribe()
        editor.notify("driven/rules/unsubscribe", {"uri": project.as_uri()})
        style.write_text(STYLE + "- One.\n")
        editor.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": style.as_uri(), "type": 2}]})
        listener.subscribe()
        listener.until(listener.fresh())
        methods = [one.get("method") for one in editor.seen]
        assert methods.count("driven/rules/operations") <= 1
        for wrong in (
            {"uri": project.as_uri(), "chunks": "x"},
            {"uri": project.as_uri(), "chunks": 3, "offset": -1},
            {},
            [3],
        ):
            editor.notify("driven/rules/credit", wrong)
        assert "result" in editor.call_through("driven/rules/resync", [])
        assert "result" in editor.call_through("driven/rules/resync", {"base": "no digest"})


def test_nothing_of_it_is_loaded_until_somebody_asks() -> None:
    said = "import sys, driven_lsp.server; print([name for name in sys.modules if name.startswith('driven.streaming')])"
    done = subprocess.run([sys.executable, "-P", "-c", said], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
