"""`python -m driven.benchmarks.serving_clients URL PACK FOLDER COUNT`: so many clients of a rule server in one process.

Each has the pack as it stands at first, listens to events, and on word of a new version asks for it with the version
that it has as dictionary, checks both digests and puts it into a file of its own. One line for each on stdout: the time
at which that was done, in seconds since 1970. As little as can be, so that it is the
server that is measured.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from base64 import b64encode

from blake3 import blake3

from driven.streaming.dictionary import decompress

_READY = "ready"
_MOST = 64 << 20
_WHO = f"Authorization: Bearer {os.environ.get('DRIVEN_TOKEN', '')}\r\n"


async def _get(host: str, port: int, path: str, headers: str = "") -> tuple[dict[str, str], bytes]:
    """One GET on a connection of its own."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n{_WHO}{headers}\r\n".encode())
    head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    writer.close()
    first, *lines = head.decode("latin-1").split("\r\n")
    if " 200 " not in first:
        raise RuntimeError(first)
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}, body


class Client:
    """One that follows a pack."""

    def __init__(self, host: str, port: int, pack: str, file: str, bundle: bytes, headers: str) -> None:
        self._place = host, port
        self._pack = pack
        self._file = file
        self._bundle = bundle
        self._headers = headers
        self.listening = asyncio.Event()

    async def follow(self) -> float:
        """Until it has applied what it heard of; when that was."""
        host, port = self._place
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /events?pack={self._pack} HTTP/1.1\r\nHost: {host}:{port}\r\n{_WHO}\r\n".encode())
        await reader.readuntil(b"\nid: ")
        self.listening.set()
        told = json.loads((await reader.readuntil(b"}\n\n")).rpartition(b"data: ")[2])
        await self._apply(told)
        done = time.time()
        writer.close()
        return done

    async def _apply(self, told: dict[str, str]) -> None:
        headers, body = await _get(*self._place, f"/packs/{told['name']}/latest", self._headers)
        data = decompress(body, self._bundle, _MOST) if headers.get("content-encoding") == "dcz" else body
        if hashlib.sha256(data).hexdigest() != told["sha256"] or f"b3-{blake3(data).hexdigest()}" != told["etag"]:
            raise RuntimeError("another content than was told")
        with open(f"{self._file}.new", "wb") as file:
            file.write(data)
        os.replace(f"{self._file}.new", self._file)


async def run(host: str, port: int, pack: str, folder: str, count: int) -> list[float]:
    """All of them; the times."""
    _, bundle = await _get(host, port, f"/packs/{pack}/latest")
    have = b64encode(hashlib.sha256(bundle).digest()).decode()
    headers = f'If-None-Match: "b3-{blake3(bundle).hexdigest()}"\r\nAccept-Encoding: dcz\r\n'
    headers += f"Available-Dictionary: :{have}:\r\n"
    files = [os.path.join(folder, f"{os.getpid()}-{number}.pack") for number in range(count)]
    clients = [Client(host, port, pack, file, bundle, headers) for file in files]
    tasks = [asyncio.create_task(one.follow()) for one in clients]
    for one in clients:
        await one.listening.wait()
    print(_READY, flush=True)
    return list(await asyncio.gather(*tasks))


def main() -> None:
    """The words of the command line."""
    url, pack, folder, count = sys.argv[1:5]
    host, _, port = url.removeprefix("http://").rpartition(":")
    try:
        import uvloop
    except ImportError:
        loop_factory = None
    else:
        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        for moment in runner.run(run(host, int(port), pack, folder, int(count))):
            print(repr(moment))


if __name__ == "__main__":
    main()
