"""Where a pack comes from, as `--from` and `from` in `driven.lock` say it: a rule server, a git repository, a path.

A rule server is `https://host[:port][/below]`; a repository `git+URL[#REF[:FOLDER]]`, where REF is a branch or a tag;
all else is a path. No password stands in one: the lock is committed.
"""

from __future__ import annotations

import os

from driven.errors import UsageError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

Kind: TypeAlias = 'Literal["server", "git", "path"]'
GIT = "git+"
_SCHEMES = ("https", "ssh", "file", "http")  # of a repository; http only on this machine
_REF = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+@")


@frozen
class Origin:
    """`text` is how it stands in the lock. `url`: of the server or the repository, without a final `/`; `path`: as it
    was given, or the folder in the repository; `ref`: its branch or tag, "" for the one that it offers."""

    kind: Kind
    text: str
    url: str = ""
    ref: str = ""
    path: str = ""


def origin(text: str) -> Origin:
    """What somebody wrote. UsageError says what is wrong with it."""
    if not text or not text.isprintable() or len(text) > 1000:
        raise UsageError("`--from` names nothing", hint="a server's URL, git+URL#REF, or a path")
    if text.startswith(GIT):
        return _git(text)
    if text.startswith(("http://", "https://")):
        return Origin(kind="server", text=text.rstrip("/"), url=_url(text).rstrip("/"))
    if "://" in text:
        scheme = text.partition("://")[0]
        raise UsageError(
            f"`{text}`: packs are not fetched by {scheme}",
            hint=f"a repository is `git+{text}`; a server is `https://…`; a folder is named by its path",
        )
    host, colon, port = text.partition("/")[0].partition(":")
    if colon and host and port.isdigit() and not os.path.lexists(text):
        url = f"{'http' if is_loopback(host) else 'https'}://{text}"
        raise UsageError(f"there is no file or folder `{text}`", hint=f"a server is named by its URL: `{url}`")
    return Origin(kind="path", text=text, path=text)


def below(one: Origin, root: str) -> Origin:
    """As the lock of the project `root` says it: a path is relative to the project, wherever it was typed."""
    if one.kind != "path":
        return one
    try:
        text = os.path.relpath(os.path.abspath(one.path), os.path.realpath(root)).replace(os.sep, "/")
    except ValueError:  # another drive
        text = os.path.abspath(one.path)
    return Origin(kind="path", text=text, path=text)


def place(one: Origin, root: str) -> str:
    """Where the path of a lock leads."""
    return os.path.normpath(os.path.join(root, one.path))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by what it is called: no name is looked up for that."""
    if host in ("localhost", "127.0.0.1") or host.endswith(".localhost"):
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _url(text: str) -> str:
    from urllib.parse import urlsplit

    try:
        found = urlsplit(text)
        host, _ = found.hostname or "", found.port
    except ValueError:
        raise UsageError(f"`{text}` is no URL", hint="write it like https://rules.example.org") from None
    if not host or found.query or found.fragment or " " in text:
        raise UsageError(f"`{text}` is no URL of a rule server", hint="write it like https://rules.example.org")
    if found.username or found.password:
        raise UsageError(
            f"a password does not belong into the URL of {host}", hint="`--token-file FILE`, or DRIVEN_TOKEN"
        )
    return text


def _git(text: str) -> Origin:
    from urllib.parse import urlsplit

    url, _, rest = text.removeprefix(GIT).partition("#")
    ref, _, path = rest.partition(":")
    try:
        found = urlsplit(url)
        host, password = found.hostname or "", found.password
    except ValueError:
        raise UsageError(f"`{text}` is no URL", hint="write it like git+https://example.org/packs.git#v1.2.0") from None
    if found.scheme not in _SCHEMES or url.startswith("-") or (not host and found.scheme != "file"):
        raise UsageError(
            f"`{text}` is no repository that can be fetched",
            hint="git+https://host/path, git+ssh://git@host/path or git+file:///path, then #REF or #REF:FOLDER",
        )
    if host.startswith("-") or (found.username or "").startswith("-") or found.path.startswith("/-"):
        raise UsageError(f"`{text}` would be read as an option", hint="a host and a path begin with no `-`")
    if found.scheme == "http" and not is_loopback(host):
        raise UsageError(f"`{text}`: what comes by http can be changed on its way", hint="take https or ssh")
    if password or (found.username and found.scheme != "ssh"):
        raise UsageError(f"a password does not belong into the URL of {host}", hint="git has its own ways")
    if ref.startswith("-") or not _REF.issuperset(ref) or ".." in ref:
        raise UsageError(f"`{ref}` is no name of a branch or a tag", hint="git+URL#v1.2.0")
    parts = path.split("/") if path else []
    if any(part in ("", ".", "..", ".git") for part in parts) or "\\" in path:
        raise UsageError(f"`{path}` is no folder below the repository", hint="git+URL#REF:packs/errors")
    return Origin(kind="git", text=text, url=url, ref=ref, path=path)
