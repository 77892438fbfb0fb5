"""What is handed in: how many at a time, how large, and how slowly it may come.

A place is taken by who sends a bundle, and given to somebody else when that one sends too little: an average counts,
for a byte now and then would hold a place for ever. One bundle at a time is looked at, so that the memory of all stays
within the bundles themselves and little more.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import time

from starlette.requests import ClientDisconnect

from driven.serving.accepting import check_bundle
from driven.serving.answers import Problem
from driven.trust.bundle import MAX_BUNDLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from driven.serving.store import Version
    from driven.trust.signers import TrustStore

PLACES = 4  # at the same time: each may be as large as a bundle
GRACE = 10.0  # seconds before the average counts; a client of ours tries for longer than that
LEAST = 32 << 10  # bytes a second, on average
IDLE = 30.0  # seconds that nothing may come
LONGEST = 600.0  # seconds for all of it
_CLOSE = {"Connection": "close"}


class Uploads:
    """The uploads of one server."""

    def __init__(self) -> None:
        self._taken = 0
        self._looking = asyncio.Semaphore(1)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place, as long as it lasts. Problem where there is none."""
        if self._taken >= PLACES:
            raise Problem(503, "Not now", "others are publishing", "try again", {"Retry-After": "5"})
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def check(self, data: bytes, signers: TrustStore | None) -> tuple[Version, str]:
        """What it is, and who signed it: `check_bundle` in a thread, one after the other."""
        async with self._looking:
            return await asyncio.to_thread(check_bundle, data, signers, int(time.time()))


async def body(request: Request) -> bytes:
    """What is handed in, as it is. Problem for what is packed, too large, cut short, or comes too slowly."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":  # never unpacked: a few bytes could become gigabytes
        raise Problem(415, "As it is", "a bundle is handed in as it is, without a coding",
                      "leave `Content-Encoding` out", {**_CLOSE, "Accept-Encoding": "identity"})  # fmt: skip
    large = Problem(413, "Too large", f"a bundle has at most {MAX_BUNDLE} bytes", headers=_CLOSE)
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BUNDLE:
        raise large
    held, size = io.BytesIO(), 0  # which gives its bytes out without a copy
    stream, began = request.stream(), time.monotonic()
    while True:
        left = min(GRACE + size / LEAST, LONGEST) - (time.monotonic() - began)
        try:
            async with asyncio.timeout(max(0.0, min(left, IDLE))):
                part = await anext(stream, None)
        except TimeoutError:
            raise _too_slow() from None
        except ClientDisconnect:
            raise Problem(400, "Cut short", "the client went away") from None
        if part is None:
            return held.getvalue()
        if left <= 0:  # what waits already is read without a look at the clock
            raise _too_slow()
        size += len(part)
        if size > MAX_BUNDLE:
            raise large
        held.write(part)


def _too_slow() -> Problem:
    why = f"an upload sends {LEAST >> 10} KB a second on average, and is done within {LONGEST / 60:.0f} minutes"
    return Problem(408, "Too slow", why, "the place is somebody else's now: try again", headers=_CLOSE)
