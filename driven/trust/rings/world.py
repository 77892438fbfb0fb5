"""What the attempts aim at: a project, files outside it, listeners and a process, made for one probe."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import subprocess
    from typing import Any

SECRET = "DRIVEN_PROBE_SECRET"  # the name of a variable that no plugin may see


class World:
    """A folder with all of it; leaves nothing behind. `spec` is what `attempts.py` is told."""

    def __init__(self) -> None:
        import tempfile

        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="driven-probe-"))
        self.project = os.path.join(self.folder, "project")
        self._open: list[socket.socket] = []
        self.victim: subprocess.Popen[bytes] | None = None
        self.descriptor = -1
        try:
            self.spec = self._made()
        except BaseException:
            self.close()
            raise

    def _made(self) -> dict[str, Any]:
        import socket
        import subprocess
        import sys

        from driven.trust.rings.syscalls import machine, numbers

        outside = os.path.join(self.folder, "outside")
        granted = os.path.join(self.project, "granted")
        os.makedirs(granted)
        os.makedirs(outside)
        for path, text in (
            (os.path.join(granted, "file"), "granted"), (os.path.join(outside, "secret"), "secret"),
            (os.path.join(outside, "spare"), "spare"), (os.path.join(outside, "lost"), "lost"),
        ):  # fmt: skip
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        os.symlink(os.path.join(outside, "secret"), os.path.join(granted, "link"))
        self.descriptor = os.open(os.path.join(outside, "secret"), os.O_RDONLY)
        abstract = f"driven-probe-{os.urandom(8).hex()}"
        listening = [socket.socket(), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
        self._open += listening
        listening[0].bind(("127.0.0.1", 0))
        listening[1].bind(os.path.join(outside, "s"))
        listening[2].bind("\0" + abstract)
        for one in listening:
            one.listen(8)
        # Without root's powers, as a plugin is: from one who has more the kernel keeps it away by itself.
        wait = (
            "import ctypes, sys; ctypes.CDLL(None).syscall(ctypes.c_long(int(sys.argv[1])), "
            "(ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()); "
            "sys.stdout.write('.'); sys.stdout.flush(); sys.stdin.read()"
        )
        number = numbers(machine()).get("capset", 0)
        self.victim = subprocess.Popen(
            [os.path.realpath(sys.executable), "-I", "-S", "-c", wait, str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={SECRET: "x"}, start_new_session=True,
        )  # fmt: skip
        assert self.victim.stdout is not None
        self.victim.stdout.read(1)  # before that it is not yet the process that it becomes
        return {
            "scratch": "", "granted": os.path.join(granted, "file"), "outside": outside,
            "secret": os.path.join(outside, "secret"), "spare": os.path.join(outside, "spare"),
            "lost": os.path.join(outside, "lost"), "link": os.path.join(granted, "link"),
            "port": listening[0].getsockname()[1], "socket": os.path.join(outside, "s"), "abstract": abstract,
            "victim": self.victim.pid,
        }  # fmt: skip

    def renew(self) -> None:
        """What an attempt that succeeded took away is there again."""
        for name in ("spare", "lost"):
            with open(os.path.join(self.folder, "outside", name), "w", encoding="utf-8") as file:
                file.write(name)
        for name in ("new",):
            if os.path.exists(os.path.join(self.folder, "outside", name)):
                os.remove(os.path.join(self.folder, "outside", name))

    def close(self) -> None:
        """End the process, close the listeners, remove the folder."""
        import shutil

        for one in self._open:
            one.close()
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        if self.victim is not None:
            self.victim.kill()
            self.victim.wait()
            for pipe in (self.victim.stdin, self.victim.stdout):
                if pipe is not None:
                    pipe.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
