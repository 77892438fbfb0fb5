"""A rule server as a client sees it: what it has, and a bundle from it, whole and with the digest that it names.

Whose signature a bundle carries is asked by who fetched it (`driven.delivery.checking`, `driven.packing`).
"""

from __future__ import annotations

import asyncio
import os

from driven.delivery.coding import Corrupt, Have, coding_in, decoded, etag_in, etag_of, wishes
from driven.delivery.kept import Half, Kept
from driven.delivery.token import NAME
from driven.delivery.wire import Answer, Client, Cut, Patience, Unreachable
from driven.errors import DeliveryError
from driven.format.words import similar
from driven.frozen import frozen
from driven.trust.bundle import MAX_BUNDLE
from driven.trust.pack import is_name, version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_LIST = 8 << 20  # bytes of what a server says of its packs
TRIES = 6  # of one transfer that is cut again and again
_SAYING = 10.0  # seconds for the reason of a refusal
_AGAIN = "try again; if it stays so, ask whoever runs the server"


@frozen
class Version:
    """One version that a server has; `sha256` of its bundle, in hex."""

    version: str
    etag: str = ""
    sha256: str = ""


@frozen
class Fetched:
    """A bundle that came whole. `coding`: how; `moved`: bytes that travelled for it."""

    name: str
    version: str
    etag: str
    data: bytes
    coding: str
    moved: int


class RuleServer:
    """One server. `kept`: None for who keeps nothing on the disk."""

    def __init__(
        self, url: str, *, token: str = "", kept: Kept | None = None, patience: Patience | None = None,
        halves: str | None = None, light: bool = False,
    ) -> None:  # fmt: skip
        """`halves`: the folder for transfers that were cut, the user's cache by itself; "" for none. `light`: little
        work counts more than few bytes."""
        self._light = light
        self.client = Client(url, token=token, patience=patience)
        self._kept = kept
        self._folder = halves

    async def names(self) -> list[str]:
        """All packs that it has."""
        packs = (await self.json("/packs")).get("packs")
        named = [str(one.get("name")) for one in packs if isinstance(one, dict)] if isinstance(packs, list) else []
        return sorted({name for name in named if is_name(name)})

    async def versions(self, name: str) -> list[Version]:
        """The versions of a pack, the newest first. DeliveryError for a pack that it does not have."""
        said = await self.json(f"/packs/{name}", name=name)
        rows = said.get("versions")
        found = []
        for row in rows if isinstance(rows, list) else []:
            texts = [row.get(key, "") for key in ("version", "etag", "sha256")] if isinstance(row, dict) else [""]
            if texts[0] and all(isinstance(text, str) and len(text) < 100 and text.isprintable() for text in texts):
                found.append(Version(version=texts[0], etag=texts[1].strip('"'), sha256=texts[2]))
        return sorted(found, key=lambda one: version_of(one.version), reverse=True)

    async def find(self, name: str, version: str = "") -> Version:
        """One version, the newest by itself. DeliveryError says what there is."""
        found = await self.versions(name)
        for one in found:
            if version in ("", one.version):
                return one
        newest = ", ".join(one.version for one in found[:5])
        raise DeliveryError(
            f"`{self.client.host}` has no `{name} {version}`",
            hint=f"it has {newest}" + (f" and {len(found) - 5} more" if found[5:] else "") if found else "it has none",
        )

    async def get(self, name: str, version: str = "") -> Fetched:
        """A version, from the cache of this machine where it is there already."""
        one = await self.find(name, version)
        data = None
        if self._kept is not None and len(one.sha256) == 64:
            try:
                data = self._kept.bundle(one.sha256)
            except ValueError:
                data = None
        if data is not None:
            return Fetched(name=name, version=one.version, etag=etag_of(data), data=data, coding="cache", moved=0)
        found = await self.fetch(name, one.version)
        assert found is not None  # nothing was said to be here
        return found

    async def fetch(self, name: str, version: str = "latest", have: Have | None = None) -> Fetched | None:
        """A version by the best coding; None where it is what is here (`have`).

        A transfer that is cut goes on where it ended; one that is not what its ETag says is begun anew, once.
        """
        try:
            async with asyncio.timeout(self.client.patience.whole):
                return await self._fetch(name, version, have)
        except TimeoutError:
            raise Unreachable(
                f"`{name}` did not come from `{self.client.host}` within {self.client.patience.whole:g} s", hint=_AGAIN
            ) from None

    async def json(self, path: str, *, name: str = "") -> dict[str, Any]:
        """What the server says at a path."""
        try:
            async with asyncio.timeout(self.client.patience.whole):
                return await self._json(path, name)
        except TimeoutError:
            raise Unreachable(
                f"`{self.client.host}` does not come to an end within {self.client.patience.whole:g} s", hint=_AGAIN
            ) from None

    async def _json(self, path: str, name: str) -> dict[str, Any]:
        import json

        said: Any = None
        try:
            async with self.client.get(path, {"Accept": "application/json"}) as answer:
                if answer.status != 200:
                    raise await self.refused(answer, name)
                said = json.loads(await answer.body(MAX_LIST))
        except (ValueError, RecursionError):
            said = None
        except Cut:
            raise Unreachable(f"`{self.client.host}` was cut off", hint=_AGAIN) from None
        if not isinstance(said, dict):
            raise DeliveryError(f"what answers at `{self.client.host}` is no rule server", hint="look at the URL")
        return said

    async def _fetch(self, name: str, version: str, have: Have | None) -> Fetched | None:
        one = _Transfer(have, self._folder, light=self._light)
        try:
            for turn in range(TRIES):
                try:
                    async with self.client.get(f"/packs/{name}/{version}", one.headers()) as answer:
                        if answer.status == 304 and have is not None:
                            return None
                        if answer.status not in (200, 206, 226, 416):
                            raise await self.refused(answer, name, version)
                        if "driven-version" in answer.headers:
                            version = answer.headers["driven-version"]
                        data = await one.take(answer)
                        if data is not None:
                            return Fetched(
                                name=name, version=version, etag=one.etag, data=data, coding=one.coding, moved=one.moved
                            )  # fmt: skip
                except Corrupt:
                    if one.is_second:
                        break
                    one.begin_anew()
                except Cut:
                    await asyncio.sleep(min(0.05 * 2**turn, 1.0))
                except OverflowError:
                    raise DeliveryError(
                        f"`{self.client.host}` sends more than {MAX_BUNDLE:,} bytes", hint="that is no pack"
                    ) from None
        finally:
            one.close()
        where = f"`{name}` from `{self.client.host}`"
        if one.is_second:
            raise DeliveryError(f"{where} comes otherwise than the server says", hint=_AGAIN)
        raise Unreachable(f"{where} is cut off again and again", hint=_AGAIN)

    async def refused(self, answer: Answer, name: str = "", version: str = "") -> DeliveryError:
        """Why a server does not give something, and what to do about it."""
        host, status = self.client.host, answer.status
        if status in (401, 403):
            if self.client.sends_token:
                return DeliveryError(f"`{host}` does not take the token", hint="ask whoever runs it for another one")
            hint = "`--token-file FILE`, or DRIVEN_TOKEN and `--from URL`; by https or to this machine alone"
            if os.environ.get(NAME):
                hint = f"{NAME} is set, and goes to a server that the command names alone: add `--from URL`"
            return DeliveryError(f"`{host}` wants a token", hint=hint)
        if status == 404 and name and not version:
            names = await self.names()
            near = similar(name, names)
            more = f"it has {', '.join(names[:8])}" + (" and more" if names[8:] else "") if names else "it has none"
            return DeliveryError(f"`{host}` has no pack `{name}`", hint=f"did you mean `{near}`?" if near else more)
        if status == 404 and name:
            try:
                await self.find(name, "" if version == "latest" else version)
            except DeliveryError as error:
                return error
        if status == 429 or status >= 500:
            return Unreachable(f"`{host}` cannot do that now ({status})" + await _said(answer), hint=_AGAIN)
        if status == 404:
            return DeliveryError(f"what answers at `{host}` is no rule server", hint="look at the URL")
        return DeliveryError(f"`{host}` refuses ({status})" + await _said(answer), hint=_AGAIN)


class _Transfer:
    """One bundle on its way: what has come of it, and what is asked for next."""

    def __init__(self, have: Have | None, folder: str | None, *, light: bool) -> None:
        self.etag = ""
        self.coding = ""
        self.moved = 0
        self.is_second = False  # it was begun anew, since what came the first time was wrong
        self._have = have
        self._folder = folder
        self._light = light
        self._half: Half | None = None

    def headers(self) -> dict[str, str]:
        """What to ask for next."""
        half = self._half
        if half is None or not len(half):
            return wishes(self._have, plain=self.is_second, light=self._light)
        return {"Accept-Encoding": "identity", "Range": f"bytes={len(half)}-", "If-Range": f'"{self.etag}"'}

    async def take(self, answer: Answer) -> bytes | None:
        """The bundle; None where it is to be asked for again, from where it is known. Corrupt, Cut, OverflowError."""
        if answer.status == 416:
            raise Corrupt
        etag, coding = etag_in(answer.headers), coding_in(answer.status, answer.headers)
        if not etag:
            raise DeliveryError("what answers there is no rule server", hint="look at the URL")
        if coding != "identity":
            self.etag, self.coding = etag, coding
            data = bytearray()
            async for part in answer.parts():
                self.moved += len(part)
                data += part
                if len(data) > MAX_BUNDLE:
                    raise OverflowError
            return decoded(coding, bytes(data), self._have, etag)
        if answer.status == 206:
            begins = answer.headers.get("content-range", "").partition("-")[0]
            if self._half is None or etag != self.etag or begins != f"bytes {len(self._half)}":
                raise Corrupt
        elif self._half is None or etag != self.etag:
            self.close()
            self.etag, self._half = etag, Half(etag, self._folder)
            if len(self._half):  # from another time: the rest alone is asked for
                return None
        else:
            self._half.restart()
        self.coding = coding
        async for part in answer.parts():
            self.moved += len(part)
            self._half.add(part)
        body = self._half.whole()
        self._half = None
        return decoded(coding, body, None, etag)

    def begin_anew(self) -> None:
        """From zero, uncoded: nothing of what came is right."""
        self.is_second = True
        if self._half is not None:
            self._half.restart()
        self.close()
        self._half = None

    def close(self) -> None:
        """Leave what is half there for the next time."""
        if self._half is not None:
            self._half.close()


async def _said(answer: Answer) -> str:
    """What a server says of a problem (RFC 9457), on one line and without what a terminal would obey."""
    import json

    try:
        async with asyncio.timeout(_SAYING):
            said = json.loads(await answer.body(1 << 16))
        text = said.get("detail") or said.get("title") or ""
    except (ValueError, RecursionError, AttributeError, Cut, DeliveryError, TimeoutError):
        return ""
    text = "".join(c if c.isprintable() else " " for c in text)[:200] if isinstance(text, str) else ""
    return f": {text}" if text else ""
