"""`confine`: any program in ring L; each capability gives what it says, and its absence takes it away."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from driven.errors import PolicyError, SandboxError
from driven.trust.capability import CapabilityManifest
from driven.trust.rings import Confined, confine, python_places
from driven.trust.rings.limits import Limits
from driven.trust.rings.process import Held
from driven.trust.rings.syscalls import machine
from trust.rings.conftest import ring
from trust.tools import need


@pytest.fixture(autouse=True)
def holds() -> None:
    ring("L")


def run(project: Path, wanted: dict[str, list[str]], *argv: str, **more: Any) -> Confined:
    return confine(CapabilityManifest.of(wanted, quota="medium"), argv, root=os.fspath(project), **more)


def python(project: Path, wanted: dict[str, list[str]], code: str, **more: Any) -> Confined:
    return run(project, wanted, sys.executable, "-c", code, read=python_places(), **more)


def test_without_anything_it_reads_nothing_of_the_project(project: Path) -> None:
    done = run(project, {}, "/bin/cat", os.fspath(project / "docs/a.md"))
    assert (done.code, done.stdout) == (1, b"") and b"Permission denied" in done.stderr


def test_a_file_that_is_granted_and_nothing_beside_it(project: Path, tmp_path: Path) -> None:
    places = [os.fspath(one) for one in (project / "docs/a.md", tmp_path / "secret", Path("/etc/passwd"))]
    done = run(project, {"FileRead": ["docs"]}, "/bin/cat", *places)
    assert done.stdout == b"a rule\n" and done.stderr.count(b"Permission denied") == 2


def test_reading_is_not_writing_and_writing_is_not_running(project: Path) -> None:
    code = "open('docs/b.md', 'w').write('x')"
    assert b"PermissionError" in python(project, {"FileRead": ["docs"]}, code).stderr
    assert python(project, {"FileWrite": ["docs"]}, code).code == 0
    assert (project / "docs/b.md").read_text() == "x"
    script = "open('docs/s', 'w').write('#!/bin/sh\\necho ran\\n'); import os; os.execv('docs/s', ['s'])"
    assert b"PermissionError" in python(project, {"FileWrite": ["docs"], "ShellExec": [""]}, script).stderr


def test_a_link_in_the_project_leads_no_scope_out_of_it(project: Path, tmp_path: Path) -> None:
    (project / "away").symlink_to(tmp_path)
    with pytest.raises(PolicyError, match="leads out of the project"):
        run(project, {"FileRead": ["away"]}, "/bin/true")


def test_it_becomes_no_other_program_and_starts_none(project: Path) -> None:
    fork = "import os\ntry: os.fork()\nexcept PermissionError: print('no')"
    assert python(project, {}, fork).stdout == b"no\n"
    other = "import os\ntry: os.execv('/bin/echo', ['echo', 'yes'])\nexcept PermissionError: print('no')"
    assert python(project, {}, other).stdout == b"no\n"


def test_children_stay_inside(project: Path, tmp_path: Path) -> None:
    """The property that Deno lacks: who may start a shell gets no more by it."""
    words = (
        f"cat {tmp_path}/secret; echo x > {tmp_path}/new; cat docs/a.md; (cat {tmp_path}/secret &) ; cat /etc/passwd"
    )
    done = run(project, {"ShellExec": [""], "FileRead": ["."]}, "/bin/sh", "-c", words)
    assert done.stdout == b"a rule\n" and b"secret\n" not in done.stderr and not (tmp_path / "new").exists()
    code = "import socket; socket.socket()"
    done = run(project, {"ShellExec": [""]}, "/bin/sh", "-c", f"{sys.executable} -c '{code}'",
               read=python_places(), execute=[sys.executable])  # fmt: skip
    assert b"PermissionError" in done.stderr


def test_a_program_that_is_named_and_no_other(project: Path) -> None:
    git = need("git")
    subprocess.run([git, "init", "--quiet", project], check=True)
    code = "import subprocess; print(subprocess.run(['{}', '{}'], capture_output=True).returncode)"
    wanted = {"ProcessSpawn": ["git"], "FileRead": ["."]}
    assert python(project, wanted, code.format(git, "status")).stdout == b"0\n"
    assert b"PermissionError" in python(project, wanted, code.format("/bin/ls", "/")).stderr


def test_a_child_cannot_leave_the_group(project: Path) -> None:
    code = "import os\nif os.fork() == 0:\n    os.setsid()\nelse: os.wait()"
    assert b"PermissionError" in python(project, {"ShellExec": [""]}, code).stderr


def test_tcp_to_a_port_that_is_named(project: Path) -> None:
    with socket.socket() as one, socket.socket() as two:
        ports = []
        for server in (one, two):
            server.bind(("127.0.0.1", 0))
            server.listen()
            ports.append(server.getsockname()[1])
        code = "import socket\nfor port in {}:\n    print(socket.socket().connect_ex(('127.0.0.1', port)))"
        done = python(project, {"NetworkAccess": [f"localhost:{ports[0]}"]}, code.format(ports))
        udp = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
        assert b"PermissionError" in python(project, {"NetworkAccess": ["localhost:1"]}, udp).stderr
    first, second = map(int, done.stdout.split())
    assert first == 0
    if ring("L").held.abi >= 4:
        assert second == 13  # EACCES


def test_the_environment_is_what_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    monkeypatch.setenv("WANTED", "wanted")
    code = "import os; print(sorted(os.environ))"
    found = eval(python(project, {"EnvAccess": ["WANTED"]}, code, env={"MORE": "1"}).stdout)
    assert {"WANTED", "MORE", "PATH", "HOME", "TMPDIR"} <= set(found) and "SECRET_TOKEN" not in found


def test_its_own_folder_is_gone_afterwards(project: Path) -> None:
    code = (
        "import os; p = os.path.join(os.environ['TMPDIR'], 'x'); open(p, 'w').write('x'); print(os.environ['TMPDIR'])"
    )
    done = python(project, {}, code)
    assert done.code == 0 and not Path(done.stdout.decode().strip()).exists()


def test_what_runs_by_itself_later_is_not_written(project: Path) -> None:
    for folder in (".git/hooks", ".github/workflows", ".claude", "docs"):
        (project / folder).mkdir(parents=True, exist_ok=True)
    (project / ".git/config").write_text("")
    places = [
        ".git/hooks/post-checkout", ".git/config", ".github/workflows/x.yml", ".claude/settings.json", ".mcp.json",
        ".vscode",
    ]  # fmt: skip
    code = f"""
for path in {places}:
    try: open(path, 'a').write('x'); print(path)
    except PermissionError: pass
open('docs/new', 'w').write('x')
"""
    done = python(project, {"FileWrite": ["."]}, code)
    assert (done.code, done.stdout) == (0, b"") and (project / "docs/new").exists()
    assert python(project, {"FileWrite": ["."]}, code, protect=False).stdout.split() == [one.encode() for one in places]


def test_processor_time_is_told_from_the_clock_and_from_output(project: Path) -> None:
    limits = Limits(cpu=1, wall=20.0, memory=0)
    assert python(project, {}, "while True: pass", limits=limits).ended == "cpu"
    assert python(project, {}, "import time; time.sleep(60)", wall=0.3).ended == "wall"
    done = python(project, {}, "while True: print('x' * 1000)", limits=Limits(output=100_000, memory=0))
    assert done.ended == "output" and len(done.stdout) <= 100_000


def test_what_it_is_given_and_says_goes_whole(project: Path) -> None:
    data = os.urandom(300_000)
    done = run(project, {}, "/bin/cat", input=data)
    assert (done.code, done.stdout, done.stderr, done.ended) == (0, data, b"", "")


def test_an_exit_code_and_a_signal_are_told(project: Path) -> None:
    assert python(project, {}, "raise SystemExit(7)").code == 7
    done = python(project, {}, "import os; os.kill(os.getpid(), 11)")
    assert (done.code, done.ended) == (139, "signal")


@pytest.mark.parametrize("argv", [[], ["no-such-program"], ["/etc/passwd"], ["/etc"]])
def test_what_is_no_program_is_refused(argv: list[str], project: Path) -> None:
    with pytest.raises(PolicyError):
        run(project, {}, *argv)


def test_landlock_before_version_3_cannot_see_truncation_and_the_filter_does(project: Path) -> None:
    code = """
import os
for flags in (os.O_RDONLY | os.O_TRUNC, os.O_RDONLY):
    try: os.close(os.open('docs/a.md', flags)); print('opened')
    except PermissionError: print('no')
try: os.truncate('docs/a.md', 1); print('cut')
except PermissionError: print('no')
"""
    done = python(project, {"FileRead": ["docs"]}, code, held=Held(abi=2, machine=machine()))
    assert done.stdout.split() == [b"no", b"opened", b"no"] and (project / "docs/a.md").read_text() == "a rule\n"


@pytest.mark.parametrize("abi", [1, 3, 5])
def test_an_older_landlock_holds_files_too(abi: int, project: Path, tmp_path: Path) -> None:
    held = Held(abi=abi, machine=machine())
    code = f"print(open('docs/a.md').read(), end='')\nopen({os.fspath(tmp_path / 'secret')!r})"
    done = python(project, {"FileRead": ["docs"]}, code, held=held)
    assert done.stdout == b"a rule\n" and b"PermissionError" in done.stderr


def test_a_step_that_fails_ends_it_before_anything_ran(project: Path) -> None:
    with pytest.raises(SandboxError, match="launcher: "):
        python(project, {}, "print('ran')", held=Held(abi=7, machine="riscv64"))
