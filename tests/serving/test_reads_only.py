"""A store that may be read and not written: on a disk that is mounted so, or of another user."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from driven.serving.folder import Folder
from driven.serving.packaging import Built
from serving.tools import DRIVEN, WAIT, Server, driven, environment, free_port, process_of, serving, token_of, wait

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a disk of its own needs Linux")
UNSHARE = [("unshare", "-m"), ("unshare", "-rm")]


@pytest.fixture
def way() -> tuple[str, ...]:
    """How to have mounts of one's own."""
    for one in UNSHARE:
        if subprocess.run([*one, "true"], capture_output=True, check=False).returncode == 0:
            return one
    pytest.skip("no mount namespace is to be had")


def test_it_serves_what_others_publish_and_takes_nothing(
    way: tuple[str, ...], tmp_path: Path, packs: dict[str, Built]
) -> None:
    """`live` is the folder, `s` the same one, mounted for reading alone: as a second machine has it."""
    store = Folder(os.fspath(tmp_path / "live"))
    store.publish(packs["1.0.0"].version, packs["1.0.0"].data)
    (tmp_path / "s").mkdir()
    (tmp_path / "a.pack").write_bytes(packs["1.2.0"].data)
    ana, port = token_of(tmp_path, "ana", publish=True), free_port()
    shell = 'mount --bind live s && mount -o remount,bind,ro s && exec "$@"'
    words = [*way, "sh", "-c", shell, "sh", *DRIVEN, "serve", "--store", "s", "--tokens", "tokens.txt"]
    with process_of([*words, "--port", str(port), "--json"], tmp_path) as process:
        assert process.stdout is not None and b'"reads_only": true' in process.stdout.readline()
        server = Server(process, f"http://127.0.0.1:{port}", tmp_path / "log", {"Authorization": f"Bearer {ana}"})
        assert server.ask("/readyz").status == 200
        assert server.ask("/packs/acme-errors/latest").body == packs["1.0.0"].data
        answer = server.put(packs["1.2.0"])
        assert answer.status == 403 and "may not write" in answer.json["detail"] and "publish to" in answer.json["hint"]
        done = driven(tmp_path, "pack", "publish", "a.pack", "--to", server.url, DRIVEN_TOKEN=ana)
        assert done.returncode == 5 and "may not write" in done.stderr, "and it is not tried again and again"
        store.publish(packs["1.1.0"].version, packs["1.1.0"].data)
        wait(lambda: server.ask("/events?poll=1&after=1").json["events"] != [])
        assert server.ask("/packs/acme-errors/latest").body == packs["1.1.0"].data
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT) == 0


def test_one_that_is_not_there_is_not_served(way: tuple[str, ...], tmp_path: Path) -> None:
    """Nothing stands there yet, and nobody could put it there through this server: it would answer as if all was
    well."""
    (tmp_path / "s").mkdir()
    shell = 'mount -t tmpfs -o ro x s && exec "$@"'
    words = [*way, "sh", "-c", shell, "sh", *DRIVEN, "serve", "--store", "s", "--port", "0"]
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "events.log" in done.stderr and "Traceback" not in done.stderr


def test_one_that_can_be_written_to_is_not_told_to_be_so(tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "s") as server:
        assert server.told["reads_only"] is False
