"""The token of a person for a rule server: from a file, or from DRIVEN_TOKEN. It stands in no message and no log."""

from __future__ import annotations

import os

from driven.errors import PolicyError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MAX_BYTES = 4096
NAME = "DRIVEN_TOKEN"


def token_of(path: str | None) -> str:
    """The first line of the file `path`, else what DRIVEN_TOKEN says, "" for none. UsageError, PolicyError."""
    if not path:
        return _checked(os.environ.get(NAME, ""), NAME)
    from driven.project.reading import read_file

    try:
        data, seen = read_file(path, MAX_BYTES)
    except OSError as error:
        raise UsageError(
            f"the token file `{path}` cannot be read: {(error.strerror or 'it is too large').lower()}",
            hint="a file with the token on its first line, which nobody else can read",
        ) from None
    if os.name == "posix" and seen.st_mode & 0o077:
        raise PolicyError(f"others can read the token file `{path}`", hint=f"chmod 600 {path}")
    lines = data.decode("utf-8", "replace").splitlines()
    token = lines[0].strip() if lines else ""
    if not token:
        raise UsageError(f"the token file `{path}` holds no token", hint="`driven token add NAME` prints one")
    return _checked(token, f"the token file `{path}`")


def tokens_for(path: str | None, servers: Iterable[str], named: Collection[str]) -> dict[str, str]:
    """URL of a server -> the token that is sent there.

    A lock that somebody else wrote names servers too: a token goes to those that the command line names (`named`), and
    with a file for it to the only one that there is. A DRIVEN_TOKEN that happens to be set is sent to no other.
    """
    token, urls = token_of(path), set(servers)
    alone = bool(path) and len(urls) == 1
    return {url: token for url in urls if token and (alone or url in named)}


def _checked(token: str, what: str) -> str:
    if len(token) > 1000 or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{what} holds no token", hint="a token is one word of letters, digits and signs")
    return token
