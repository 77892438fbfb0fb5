"""What the host does for a plugin that can do nothing itself: read, write, fetch, spawn and sign.

Each is checked, counted and recorded, by one checker for all rings and systems: the manifest, and behind it what no
manifest grants (`protected.py`). Whatever is asked leaves an entry for the audit log, refused or not; a refusal is an
answer, not the plugin's end.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, PolicyError
from driven.trust.resilience import Guards

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from typing import Any, Protocol

    from driven.trust.capability import Capability, CapabilityManifest
    from driven.trust.rings.hosts import Address, Answer

    class Budget(Protocol):
        """What a plugin may use: `driven.trust.budget.BudgetPool`."""

        def take(self, kind: str, amount: int) -> None:
            """Use that much of a kind, or raise a DrivenError and use nothing."""

    Signer = Callable[[str, bytes], bytes]  # (the key's fingerprint, what is signed) -> signature


MOST = 4 << 20  # bytes of a file
_WORDS = 256  # of a program that is started
_GUARDS = Guards()  # around requests: by host and guest


class Broker:
    """The host's side of one plugin's questions. `root` is the project. `private`: addresses of this machine's own
    network that a person allowed. `guest` names the plugin in the records."""

    def __init__(
        self,
        manifest: CapabilityManifest,
        root: str,
        *,
        budget: Budget | None = None,
        audit: Callable[[dict[str, Any]], None] | None = None,
        signer: Signer | None = None,
        private: Container[str] = (),
        guest: str = "",
    ) -> None:
        self.manifest = manifest
        self.root = root
        self.guest = guest
        self.calls = 0
        self.refusals: list[tuple[str, str]] = []  # what was tried, and which capability it wants
        self._budget = budget
        self._audit = audit
        self._signer = signer
        self._private = private
        self._does: dict[str, Callable[..., Any]] = {
            "read": self._read, "write": self._write, "fetch": self._fetch, "spawn": self._spawn, "sign": self._sign,
        }  # fmt: skip

    def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """Do what is asked, and give what is answered. PolicyError for what is not granted, OSError for what fails,
        any other DrivenError for a budget that is spent."""
        self.calls += 1
        entry: dict[str, Any] = {"event": f"host.{method}"[:80], "subject": self.guest, "target": "", "bytes": 0}
        try:
            does = self._does.get(method)
            if does is None:
                raise PolicyError(f"the host has no `{method!r:.40}`: {', '.join(self._does)}")
            found = does(entry, **_texts(params))
        except TypeError as error:
            self._record(entry, "denied", f"not the words that it takes: {error}")
            raise PolicyError(f"host.{method}: not the words that it takes") from None
        except PolicyError as error:
            self._record(entry, "denied", error.message)
            lacks = entry["target"] if error.message.startswith("the manifest lacks") else ""
            self.refusals.append((f"host.{method}: {error.message}"[:200], lacks))
            raise
        except (DrivenError, OSError) as error:
            self._record(entry, "denied", str(error))
            raise
        self._record(entry, "allowed", "")
        return found

    def _record(self, entry: dict[str, Any], outcome: str, why: str) -> None:
        if self._audit is not None:
            self._audit({**entry, "outcome": outcome, **({"why": why} if why else {})})

    def _take(self, kind: str, amount: int) -> None:
        if self._budget is not None:
            self._budget.take(kind, amount)

    def _granted(self, entry: dict[str, Any], wanted: Capability) -> None:
        entry["target"] = str(wanted)
        if not self.manifest.allows(wanted):
            raise PolicyError(f"the manifest lacks {wanted}", hint=f'add it: {wanted.kind} = ["{wanted.scope}"]')

    def _read(self, entry: dict[str, Any], path: str) -> str:
        from driven.trust.beneath import read_beneath
        from driven.trust.capability import Capability

        wanted = _path("FileRead", path)
        if not self.manifest.allows(Capability("FileWrite", wanted.scope)):  # who may write a file may read it
            self._granted(entry, wanted)
        entry["target"] = str(wanted)
        data: bytes = _beneath(self.root, lambda root: read_beneath(root, wanted.scope, MOST))
        entry["bytes"] = len(data)
        self._take("io_bytes", len(data))
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise OSError(f"`{path}` is no UTF-8") from None

    def _write(self, entry: dict[str, Any], path: str, text: str) -> None:
        from driven.trust.beneath import write_beneath
        from driven.trust.rings.protected import why

        wanted = _path("FileWrite", path)
        self._granted(entry, wanted)
        place = why(wanted.scope)
        if place:
            raise PolicyError(f"`{path}`: nothing foreign writes `{place}`, whatever was granted")
        try:
            data = text.encode()
        except UnicodeEncodeError:
            raise OSError("the text has half of a pair of UTF-16 in it") from None
        if len(data) > MOST:
            raise OSError(f"a file of more than {MOST >> 20} MiB")
        entry["bytes"] = len(data)
        self._take("io_bytes", len(data))
        _beneath(self.root, lambda root: write_beneath(root, wanted.scope, data))

    def _fetch(
        self, entry: dict[str, Any], url: str, method: str = "GET", headers: dict[str, str] | None = None,
        body: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        import base64

        from driven.trust.rings.hosts import fetch, parsed

        def check(place: Address) -> None:
            self._granted(entry, place.capability)
            self._take("net_calls", 1)

        def counted(size: int) -> None:
            entry["bytes"] += size
            self._take("net_bytes", size)

        def ask() -> Answer:
            return fetch(
                url, method, headers or {}, body.encode() if body is not None else None, check=check,
                private=self._private, counted=counted,
            )  # fmt: skip

        guard = _GUARDS.of(f"fetch {parsed(url).host}", self.guest)
        answer = guard.call(ask, idempotent=method in ("GET", "HEAD"))
        try:
            text, encoding = answer.body.decode(), "utf-8"
        except UnicodeDecodeError:
            text, encoding = base64.b64encode(answer.body).decode(), "base64"
        return {"status": answer.status, "headers": dict(answer.headers), "text": text, "encoding": encoding}

    def _spawn(self, entry: dict[str, Any], argv: list[str], input: str = "") -> dict[str, Any]:
        from driven.trust.capability import Capability, capability
        from driven.trust.rings.confined import confine

        if not isinstance(argv, list) or not argv or len(argv) > _WORDS or any("\0" in str(one) for one in argv):
            raise PolicyError(f"a program is a list of 1 to {_WORDS} words")
        words = [str(one) for one in argv]
        shell = Capability("ShellExec", "")
        if words[0] in ("sh", "bash"):
            self._granted(entry, shell)
        else:
            self._granted(entry, _capability("ProcessSpawn", words[0], capability))
        ended = confine(self.manifest, [_found(words[0]), *words[1:]], root=self.root, input=input.encode())
        entry["bytes"] = len(ended.stdout) + len(ended.stderr)
        self._take("output_bytes", entry["bytes"])
        self._take("cpu", int(1000 * ended.cpu))
        return {
            "code": ended.code, "ended": ended.ended, "stdout": ended.stdout.decode(errors="replace"),
            "stderr": ended.stderr.decode(errors="replace"),
        }  # fmt: skip

    def _sign(self, entry: dict[str, Any], key: str, data: str) -> str:
        import base64

        from driven.trust.capability import capability

        self._granted(entry, _capability("CryptoOperations", key, capability))
        if self._signer is None:
            raise PolicyError("there is no key here that signs for plugins")
        return base64.b64encode(self._signer(key, data.encode())).decode()


def _texts(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters whose types are what a method expects: texts, a list of texts, a table of texts, or nothing."""
    found = {}
    for key, value in params.items():
        flat = value if isinstance(value, list) else [*value.values()] if isinstance(value, dict) else [value]
        if not all(isinstance(one, str) or (one is None and not isinstance(value, list)) for one in flat):
            raise PolicyError(f"`{key!r:.40}` is no text, and no list or table of texts")
        if isinstance(value, list) != (key == "argv") or isinstance(value, dict) != (key == "headers"):
            raise PolicyError(f"`{key!r:.40}` is not of the kind that is expected")
        if value is None and key != "body":
            raise PolicyError(f"`{key!r:.40}` is missing")
        found[str(key)] = value
    return found


def _capability(kind: str, scope: str, made: Callable[[str, str], Capability]) -> Capability:
    try:
        return made(kind, scope)
    except DrivenError as error:
        raise PolicyError(error.message, hint=error.hint) from None


def _path(kind: str, path: str) -> Capability:
    """The capability that a path takes, in its one spelling."""
    from driven.trust.capability import Capability, capability

    # A pattern's signs are letters here: a file may be named so, a scope may not.
    plain = path
    for sign in "*?[]{}":
        plain = plain.replace(sign, "_")
    _capability(kind, plain, capability)
    import unicodedata

    scope = unicodedata.normalize("NFC", path).rstrip("/") or path
    while scope.startswith("./"):
        scope = scope[2:] or "."
    return Capability(kind, scope)  # type: ignore[arg-type]


def _beneath(root: str, act: Callable[[int], Any]) -> Any:
    from driven.errors import DiskError
    from driven.trust.beneath import root_handle

    handle = root_handle(root)
    try:
        return act(handle)
    except DiskError as error:
        raise OSError(error.message) from None
    finally:
        os.close(handle)


def _found(name: str) -> str:
    """A program, where programs of a system are: not one that the project put on the path."""
    import shutil

    from driven.trust.rings.places import PATH

    found = shutil.which(name, path=PATH)
    if found is None:
        raise FileNotFoundError(f"`{name}` is not on this machine")
    return found
