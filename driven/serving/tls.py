"""The certificate of a server: taken from its files, and again when they change, without a restart."""

from __future__ import annotations

import asyncio
import os
import ssl

from driven.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Stamp = tuple[tuple[int, int, int], ...]

LOOK = 2.0  # seconds between two looks at the files


class Certificate:
    """`cert` and `key`, files in PEM. ConfigError where they are none. `context`: what new connections begin with."""

    def __init__(self, cert: str, key: str) -> None:
        self._files = (cert, key)
        self._stamp = self._tried = self._seen()
        self.context = _context()
        try:
            self._load(self.context)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"`{cert}` and `{key}` are no certificate and its key: {error}",
                hint="both in PEM, the key without a passphrase",
            ) from None

    async def follow(self, tell: Callable[[str], None]) -> None:
        """Look at the files now and then, for as long as the server runs."""
        while True:
            await asyncio.sleep(LOOK)
            self.look(tell)

    def look(self, tell: Callable[[str], None]) -> None:
        """Take what the files have now, where they changed and belong together: of a renewal one of them is there
        first. Until then the one before is used."""
        seen = self._seen()
        if not seen or seen in (self._stamp, self._tried):
            return
        try:
            self._load(_context())
            self._load(self.context)
        except (OSError, ssl.SSLError) as error:
            self._tried = seen
            tell(f"`{self._files[0]}` and its key changed, and are not used: {error}")
            return
        self._stamp = self._tried = seen
        tell(f"`{self._files[0]}` is used as it is now")

    def _load(self, context: ssl.SSLContext) -> None:
        cert, key = self._files
        context.load_cert_chain(cert, key, password=lambda: "")  # or OpenSSL would ask for one

    def _seen(self) -> Stamp:
        try:
            found = [os.stat(path) for path in self._files]
        except OSError:  # it is being replaced
            return ()
        return tuple((one.st_ino, one.st_size, one.st_mtime_ns) for one in found)


def _context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made
