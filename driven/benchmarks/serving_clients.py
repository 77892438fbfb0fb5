"""`python -m driven.benchmarks.serving_clients URL PACK KEY FOLDER COUNT`: so many clients of a rule server in one
process, each as `driven update --follow` has it: driven's own `Follower`, which listens to events, asks for a version
with the one that it has as dictionary, checks digests, paths and the signature by KEY, and puts it into a file.

`ready` on stdout once each has the version of now and listens; then, after the next one, a line of JSON: `times` at
which each had applied it, in seconds since 1970, and the seconds of `cpu` that all of them took for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from driven.delivery.following import Arrived, Follower
from driven.errors import DrivenError

READY = "ready"
_LOOK, _PATIENCE = 0.02, 100.0  # seconds between looks at who is ready, and until all must be


async def run(url: str, pack: str, key: str, folder: str, count: int) -> dict[str, object]:
    """All of them, from their beginning to the version after the first."""
    times: list[float] = []
    is_next = False
    all_there = asyncio.Event()

    async def arrived(one: Arrived) -> None:
        if not is_next:
            return
        if one.fetched.coding != "dcz":
            raise RuntimeError(f"it came by {one.fetched.coding}, not as a difference")
        times.append(time.time())
        if len(times) == count:
            all_there.set()

    followers = [
        Follower(
            url, [pack], key=key, folder=_made(folder, number), token=os.environ.get("DRIVEN_TOKEN", ""),
            arrived=arrived, told=_tell,
        )
        for number in range(count)
    ]  # fmt: skip
    tasks = [asyncio.create_task(one.run()) for one in followers]
    waits = asyncio.create_task(all_there.wait())
    async with asyncio.timeout(_PATIENCE):
        while not all(one.is_live and one.versions for one in followers):
            await asyncio.sleep(_LOOK)
            for task in tasks:
                if task.done():
                    task.result()
    is_next = True
    print(READY, flush=True)
    before = time.process_time()
    done, _ = await asyncio.wait([waits, *tasks], return_when=asyncio.FIRST_COMPLETED)
    cpu = time.process_time() - before
    for one in done:
        one.result()
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"times": times, "cpu": cpu}


def _made(folder: str, number: int) -> str:
    place = os.path.join(folder, f"{os.getpid()}-{number}")
    os.mkdir(place)
    return place


def _tell(error: DrivenError) -> None:
    print(f"{error}", file=sys.stderr)


def main() -> None:
    """What a process of the benchmark does."""
    url, pack, key, folder, count = sys.argv[1:]
    print(json.dumps(asyncio.run(run(url, pack, key, folder, int(count)))))


if __name__ == "__main__":
    main()
