"""A desk for Kate: a screen (Xvfb), a session bus, a home of its own, and `driven` in PATH with a tee in front of it.

Kate is driven by its own actions over D-Bus (what a menu entry or a key does) and by keys; what it says to the server
and hears from it is in `talk()`; what it shows is in `shot()`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import kit

TEE = Path(__file__).with_name("tee.py")
WINDOW = "/kate/MainWindow_1"


class Desk:
    """Kate on a screen that nobody sees; `close` ends all that was started."""

    def __init__(self, folder: Path, settings: str) -> None:
        """`settings`: the text of the LSP client's settings.json, as the page of Kate has it."""
        self.home = folder / "home"
        self.log = folder / "talk.jsonl"
        self.log.touch()
        self.started: list[subprocess.Popen[Any]] = []
        self.environment = self._home(settings)

    def _home(self, settings: str) -> dict[str, str]:
        """A clean home, with what a person sets up: the page's settings, the plugin, the answer to Kate's question."""
        for name in ("kate", "Xvfb", "xdotool", "import", "dbus-daemon"):
            assert shutil.which(name), f"{name} is not installed: tests/clients/install.sh"
        bin_folder = self.home / "bin"
        # A socket's path has at most 108 bytes, and pytest names a folder after the test: Kate shows an error then.
        self.run = Path(tempfile.mkdtemp(prefix="kate-"))
        for made in (bin_folder, self.home / ".config" / "kate" / "lspclient", self.home / ".local/share/kate"):
            made.mkdir(parents=True)
        driven = bin_folder / "driven"
        driven.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{TEE}" "$@"\n', encoding="utf-8")
        driven.chmod(0o755)
        (self.home / ".config/kate/lspclient/settings.json").write_text(settings, encoding="utf-8")
        (self.home / ".config/katerc").write_text(
            f"[lspclient]\nAllowedServerCommandLines={driven} lsp\n"
            "[General]\nShow welcome view for new window=false\nLast Session=\nStartup Session=new\n"
            "[KTextEditor Document]\nOn-The-Fly Spellcheck=false\n",
            encoding="utf-8",
        )
        (self.home / ".local/share/kate/anonymous.katesession").write_text(
            "[KatePlugins]\nlspclientplugin=true\n", encoding="utf-8"
        )
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "DBUS_", "KDE_"))}
        return environment | {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.run),
            "QT_QPA_PLATFORM": "xcb",
            "PATH": f"{bin_folder}{os.pathsep}{environment['PATH']}",
            "LANG": "C.UTF-8",
            "TEE_LOG": str(self.log),
            "TEE_COMMAND": json.dumps(kit.server_command()[:1]),
        }

    def open(self, path: Path, line: int = 1, column: int = 1) -> None:
        """Start Kate with `path`, the cursor at `line` and `column` (1 is the first), and wait for its window."""
        reading, writing = os.pipe()
        self._start(["Xvfb", "-displayfd", str(writing), "-screen", "0", "1100x700x24", "-nolisten", "tcp"], writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.environment["DISPLAY"] = f":{pipe.readline().strip()}"
        bus = self._start(["dbus-daemon", "--session", "--print-address=1", "--nofork"], 1)
        assert bus.stdout is not None
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
        self.kate = self._start(["kate", "-n", "-l", str(line), "-c", str(column), str(path)], 2)
        self.service = f"org.kde.kate-{self.kate.pid}"
        kit.wait_for("Kate's window", lambda: "open_kcommand_bar" in self.bus("org.kde.KMainWindow.actions"))
        self.window = kit.wait_for("Kate on the screen", lambda: self._x("search", "--onlyvisible", "--class", "kate"))
        self.window = self.window.split()[-1]
        self._x("windowsize", "--sync", self.window, "1100", "700")
        self.focus()
        blink = ("string:org.qtproject.Qt.QApplication", "string:cursorFlashTime", "variant:int32:0")
        self._call("/MainApplication", "org.freedesktop.DBus.Properties.Set", *blink)
        self.listens()

    def listens(self) -> None:
        """Wait until Kate hears keys."""
        self._wait("Kate to hear keys", self._hears)

    def _hears(self) -> bool:
        """Whether a key arrives: the first ones are lost while the window is new. The cursor stands where it stood."""
        before = self.pixels()
        self.keys("Right")
        end = time.monotonic() + 3
        while self.pixels() == before:
            if time.monotonic() > end:
                self.focus()
                return False
        self.keys("Left")
        return True

    def _start(self, command: list[str], passed: int) -> subprocess.Popen[Any]:
        process = subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.PIPE if passed == 1 else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(passed,) if passed > 2 else (),
            cwd=self.home,
        )
        self.started.append(process)
        return process

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=kit.PATIENCE)
        return done.stdout if done.returncode == 0 else ""

    def _x(self, *arguments: str) -> str:
        return self._run("xdotool", *arguments).strip()

    def bus(self, method: str, *arguments: str) -> str:
        """Call `method` of Kate's main window; its answer as text, "" when there is none yet."""
        return self._call(WINDOW, method, *arguments)

    def _call(self, path: str, method: str, *arguments: str) -> str:
        return self._run("dbus-send", "--print-reply", f"--dest={self.service}", path, method, *arguments)

    def act(self, entry: str) -> None:
        """Choose the menu entry `entry` in Kate's command bar, as a person who types its name."""
        self.changes(lambda: self.keys("ctrl+alt+i"))
        self.changes(lambda: self.type(entry))
        self.changes(lambda: self.keys("Return"))

    def pixels(self) -> str:
        """A digest of what the screen shows."""
        picture = subprocess.run(
            ["import", "-window", "root", "rgb:-"], env=self.environment, capture_output=True, check=True
        )
        return hashlib.sha256(picture.stdout).hexdigest()

    def colours(self) -> int:
        """How many colours the text area has at its right, where no text is: paper, the cursor's line, marked lines."""
        data = self._picture("-crop", "1x300+900+110")
        return len({data[at : at + 3] for at in range(0, len(data), 3)})

    def _picture(self, *options: str) -> bytes:
        """The screen, or what `options` take of it: three bytes a pixel."""
        command = ["import", "-window", "root", *options, "-depth", "8", "rgb:-"]
        return subprocess.run(command, env=self.environment, capture_output=True, check=True).stdout

    def changes(self, action: Callable[[], object]) -> None:
        """Do `action`, and wait until the screen shows that it was done and stands still."""
        before = self.pixels()

        def changed() -> bool:
            """A key that is lost changes nothing, and is pressed again."""
            action()
            end = time.monotonic() + 8
            while self.pixels() == before:
                if time.monotonic() > end:
                    self.focus()
                    return False
            return True

        self._wait("a change on the screen", changed)
        kit.wait_for("the screen to stand still", lambda: self.pixels() == self.pixels())

    def _wait(self, what: str, look: Callable[[], bool]) -> None:
        """Wait for what Kate does when it is told; what stands on the screen instead says why it does not."""
        try:
            kit.wait_for(what, look)
        except AssertionError as error:
            self.shot("kate-deaf")
            raise AssertionError(f"{error}; {self._state()}") from None

    def _state(self) -> str:
        lives = f"ended with {self.kate.returncode}" if self.kate.poll() is not None else "lives"
        names = [f"{window} {self._x('getwindowname', window)!r}" for window in sorted(self.windows())]
        return f"Kate {lives}; keys go to {self._x('getwindowfocus')}; windows: {', '.join(names)}"

    def focus(self) -> None:
        """Let keys go to Kate."""
        self._x("windowfocus", "--sync", self.window)

    def keys(self, *keys: str) -> None:
        """Press `keys`, one after another."""
        self._x("key", "--delay", "30", *keys)

    def type(self, text: str) -> None:
        """Type `text`."""
        self._x("type", "--delay", "30", "--", text)

    def write(self, text: str) -> None:
        """Type `text`, and wait until Kate told the server all of it."""
        self.type(text)
        kit.wait_for(f"{text!r} in the buffer", lambda: text in self.last_change())

    def save(self) -> None:
        """Save as a person does, who presses the keys again when nothing happens: until Kate says that it saved."""
        before = len(self.said("textDocument/didSave", "editor"))

        def saved() -> bool:
            self.focus()
            self.keys("ctrl+s")
            end = time.monotonic() + 5
            while len(self.said("textDocument/didSave", "editor")) == before:
                if time.monotonic() > end:
                    return False
                time.sleep(0.05)
            return True

        kit.wait_for("the save", saved)

    def last_change(self) -> str:
        """The text that Kate sent last; "" before it sent any."""
        said = self.said("textDocument/didChange", "editor")
        return str(said[-1]["params"]["contentChanges"][-1]["text"]) if said else ""

    def windows(self) -> set[str]:
        """The windows that stand on the screen now, dialogues and pop-ups too."""
        return set(self._x("search", "--onlyvisible", "--name", ".*").split())

    def click(self) -> None:
        """Click into the text, below its last line."""
        self._x("mousemove", "500", "400", "click", "1")

    def shot(self, name: str, crop: str = "") -> Path:
        """What the screen shows, as `name`.png below kit.SHOTS."""
        kit.SHOTS.mkdir(parents=True, exist_ok=True)
        path = kit.SHOTS / f"{name}.png"
        self._run("import", "-window", "root", *(("-crop", crop, "+repage") if crop else ()), str(path))
        assert path.stat().st_size > 0
        return path

    def talk(self) -> list[dict[str, Any]]:
        """All messages so far, `from` beside them."""
        lines = self.log.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def said(self, method: str, who: str) -> list[dict[str, Any]]:
        """The messages of `method` from `who` ("editor" or "server"), in order."""
        return [e["message"] for e in self.talk() if e["from"] == who and e.get("message", {}).get("method") == method]

    def answers(self, method: str) -> list[Any]:
        """What the server answered to the editor's requests of `method`, in order."""
        ids = [message["id"] for message in self.said(method, "editor") if "id" in message]
        by_id = {
            e["message"]["id"]: e["message"].get("result", e["message"].get("error"))
            for e in self.talk()
            if e["from"] == "server" and "id" in e.get("message", {}) and "method" not in e["message"]
        }
        return [by_id[number] for number in ids if number in by_id]

    def quit(self) -> int:
        """Close Kate as a person does; its exit code."""
        self.bus("org.kde.KMainWindow.activateAction", "string:file_quit")
        return self.kate.wait(timeout=kit.PATIENCE)

    def close(self) -> None:
        """End what was started here, and nothing else."""
        for process in reversed(self.started):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            if process.stdout is not None:
                process.stdout.close()
        shutil.rmtree(self.run, ignore_errors=True)
