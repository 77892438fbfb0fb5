"""What foreign code may touch: capabilities with scopes, as a set and not a ladder; nothing is what nobody granted.

Eight kinds. Risk is a number for people and thresholds; it orders nothing: who may write files may not therefore reach
the network. `covers` is the only order there is.
"""

from __future__ import annotations

from driven.errors import ConfigError
from driven.format.words import similar
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Literal, TypeAlias

Kind: TypeAlias = (
    'Literal["FileRead", "FileWrite", "NetworkAccess", "ProcessSpawn", "ShellExec", "EnvAccess", "DatabaseAccess", '
    '"CryptoOperations"]'
)
Ring: TypeAlias = 'Literal["W", "N", "L", "T"]'

RINGS: dict[str, str] = {
    "W": "a WebAssembly component: it has nothing but what it is handed",
    "N": "a process in namespaces of its own, under Landlock, seccomp and limits",
    "L": "a process under Landlock, seccomp and limits",
    "T": "trusted: code that you installed, not confined",
}  # from the strongest on
# Each kind: what its scopes are.
KINDS: dict[str, str] = {
    "FileRead": "files and folders of the project",
    "FileWrite": "files and folders of the project",
    "NetworkAccess": "hosts, with a port where it is not 443; `*.` stands for what is below one",
    "ProcessSpawn": "names of programs",
    "ShellExec": "nothing: a shell can do all that its user can",
    "EnvAccess": "names of variables of the environment",
    "DatabaseAccess": "addresses of databases",
    "CryptoOperations": "fingerprints of keys",
}
RISKS: dict[str, int] = {
    "Pure": 0, "ReadOnlyFS": 2, "Environment": 3, "Network": 5, "ReadWriteFS": 6, "Subprocess": 8, "Dangerous": 10,
}  # fmt: skip
_CLASSES = {
    "FileRead": "ReadOnlyFS", "FileWrite": "ReadWriteFS", "NetworkAccess": "Network", "ProcessSpawn": "Subprocess",
    "ShellExec": "Dangerous", "EnvAccess": "Environment",
    "CryptoOperations": "Environment",  # it uses a secret of its surroundings, without seeing it
}  # fmt: skip
QUOTAS = ("tiny", "small", "medium", "large", "xl", "unlimited")
BANDS = ("instant", "fast", "medium", "slow", "cold")
MOST = 256  # capabilities of one manifest
MAX_SCOPE = 512
_HOST = "abcdefghijklmnopqrstuvwxyz0123456789-."


@frozen(kw_only=False)
class Capability:
    """One thing that may be touched. `scope` in its one spelling (see `capability`), "" for `ShellExec`."""

    kind: Kind
    scope: str

    @property
    def name(self) -> str:
        """The class of risk that it belongs to: a key of `RISKS`."""
        if self.kind == "DatabaseAccess":
            return "ReadWriteFS" if self.scope.startswith("sqlite:") else "Network"
        return _CLASSES[self.kind]

    @property
    def risk(self) -> int:
        """From 0 to 10."""
        return RISKS[self.name]

    def covers(self, other: Capability) -> bool:
        """Whether who has this one has the other."""
        if self.kind != other.kind:
            return False
        mine, its = self.scope, other.scope
        if mine == its:
            return True
        if self.kind in ("FileRead", "FileWrite"):
            found = mine == "." or its.startswith(mine + "/")
            return found and its[:1] != "/" and {"", ".", ".."}.isdisjoint(its.split("/"))  # one that nobody spelled
        if self.kind == "NetworkAccess" and mine.startswith("*."):
            host, _, port = mine.rpartition(":")
            its_host, _, its_port = its.rpartition(":")
            return port == its_port and its_host.endswith(host[1:]) and len(its_host) >= len(host)
        return False

    def __str__(self) -> str:
        return f"{self.kind}({self.scope})" if self.scope else self.kind


def capability(kind: str, scope: str = "") -> Capability:
    """A capability from what somebody wrote, its scope in the one spelling. ConfigError says what is wrong with it."""
    if kind not in KINDS:
        near = similar(kind, KINDS)
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(KINDS)}"
        raise ConfigError(f"`{kind}` is no capability", hint=hint)
    if not isinstance(scope, str) or len(scope) > MAX_SCOPE or not scope.isprintable():
        raise ConfigError(f"a scope of {kind} is no text of at most {MAX_SCOPE} printable characters: {scope!r:.80}")
    problem = ""
    match kind:
        case "FileRead" | "FileWrite":
            scope, problem = _path(scope)
        case "NetworkAccess":
            scope, problem = _host(scope)
        case "ProcessSpawn":
            problem = "" if scope and not set(scope) & set(" /\\*?") and scope not in (".", "..") else (
                "a program is named without its folder: `git`"
            )  # fmt: skip
        case "ShellExec":
            problem = "a shell has no scope: leave the list with one empty text, or take ProcessSpawn" if scope else ""
        case "EnvAccess":
            word = scope.isascii() and scope.replace("_", "a").isalnum() and not scope[0].isdigit()
            problem = "" if word else "a variable is named by letters, digits and `_`"
        case "DatabaseAccess":
            problem = "" if scope.partition(":")[2] and scope.partition(":")[0].isalnum() else (
                "a database is named by its address: `sqlite:data/notes.db`, `postgres://host/name`"
            )  # fmt: skip
        case _:
            problem = "" if scope else "a key is named by its fingerprint: `SHA256:…`"
    if problem:
        raise ConfigError(f"{kind}: `{scope}` is no scope: {problem}", hint=f"its scopes are {KINDS[kind]}")
    return Capability(kind, scope)  # type: ignore[arg-type]


def _path(scope: str) -> tuple[str, str]:
    """The normal form of a path below the project, and what is wrong with it."""
    import unicodedata

    path = unicodedata.normalize("NFC", scope).rstrip("/") or scope
    while path.startswith("./"):
        path = path[2:] or "."
    parts = path.split("/")
    if path != "." and (path[:1] == "/" or "\\" in path or path[1:2] == ":" or {"", ".", ".."} & set(parts)):
        return scope, "a path is below the project, with `/` and without `..`"
    if set(path) & set("*?[]{}"):
        return scope, "a file or a folder is named, with all below it, and no pattern"
    return path, ""


def _host(scope: str) -> tuple[str, str]:
    """The normal form `host:port`, and what is wrong with it."""
    host, colon, port = scope.rpartition(":")
    if not colon or "]" in port:  # an address of IPv6 stands in brackets
        host, port = scope, "443"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return scope, "a port is a number from 1 to 65535"
    below = host.startswith("*.")
    name = host.removeprefix("*.").removesuffix(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            return scope, "a host that has no IDNA form"
    address = name[:1] == "[" and name[-1:] == "]" and ":" in name and not set(name[1:-1]) - set("0123456789abcdef:.")
    if not name or (set(name) - set(_HOST) and not address) or ".." in name or (below and ("." not in name or address)):
        return scope, "a host is letters, digits, `-` and `.`; `*.example.org` is all below one"
    return f"{'*.' if below else ''}{name}:{int(port)}", ""


@frozen
class CapabilityManifest:
    """What one piece of foreign code asks for, or was granted. `capabilities` are sorted, none twice; `min_ring`: the
    weakest ring that it may run in; `quota` and `band` name what `driven.trust.quota` says they are."""

    capabilities: tuple[Capability, ...] = ()
    min_ring: Ring = "L"
    quota: str = "small"
    band: str = "medium"

    @classmethod
    def of(
        cls, wanted: Mapping[str, Iterable[str]], *, min_ring: str = "L", quota: str = "small", band: str = "medium"
    ) -> CapabilityManifest:
        """From lists of scopes by kind, as a person writes them: a kind that is not there, and an empty list, are
        nothing. ConfigError."""
        found = []
        for kind, scopes in wanted.items():
            if isinstance(scopes, str) or not hasattr(scopes, "__iter__"):
                raise ConfigError(f"{kind} wants a list of texts", hint=f'write {kind} = ["…"]')
            found += [capability(kind, scope) for scope in scopes]
        return cls._made(found, min_ring, quota, band)

    @classmethod
    def _made(cls, found: Iterable[Capability], min_ring: str, quota: str, band: str) -> CapabilityManifest:
        made = tuple(sorted(set(found), key=lambda one: (one.kind, one.scope)))
        if len(made) > MOST:
            raise ConfigError(f"a manifest of {len(made)} capabilities: more than {MOST}")
        for word, known, name in (
            (min_ring, RINGS, "min_ring"), (quota, QUOTAS, "quota"), (band, BANDS, "band"),
        ):  # fmt: skip
            if not isinstance(word, str) or word not in known:
                near = similar(str(word), known)
                hint = f"did you mean `{near}`?" if near else f"write one of {', '.join(known)}"
                raise ConfigError(f"{name}: `{word}` is none", hint=hint)
        return cls(capabilities=made, min_ring=min_ring, quota=quota, band=band)  # type: ignore[arg-type]

    def allows(self, one: Capability) -> bool:
        """Whether one thing is granted."""
        return any(mine.covers(one) for mine in self.capabilities)

    def covers(self, other: CapabilityManifest) -> bool:
        """Whether all that the other has is granted here."""
        return all(map(self.allows, other.capabilities))

    def meet(self, other: CapabilityManifest) -> CapabilityManifest:
        """What both grant; of rings the stronger, of quotas and bands the smaller."""
        both = [one for one in self.capabilities if other.allows(one)]
        both += [one for one in other.capabilities if self.allows(one)]
        return self._made(
            both,
            min(self.min_ring, other.min_ring, key=[*RINGS].index),
            min(self.quota, other.quota, key=QUOTAS.index),
            min(self.band, other.band, key=BANDS.index),
        )

    @property
    def risk(self) -> int:
        """The risk of the worst of them, 0 of none."""
        return max((one.risk for one in self.capabilities), default=0)

    @property
    def scopes(self) -> dict[str, list[str]]:
        """The scopes by kind; kinds with none are not there."""
        found: dict[str, list[str]] = {}
        for one in self.capabilities:
            found.setdefault(one.kind, []).append(one.scope)
        return found

    def to_json(self) -> dict[str, Any]:
        """For canonical JSON; `from_json` is its inverse."""
        return {"capabilities": self.scopes, "min_ring": self.min_ring, "quota": self.quota, "band": self.band}

    @classmethod
    def from_json(cls, value: object, what: str) -> CapabilityManifest:
        """From what `to_json` gave, by anybody. ConfigError names `what`."""
        if not isinstance(value, dict) or not value.keys() <= {"capabilities", "min_ring", "quota", "band"}:
            raise ConfigError(f"{what}: no manifest of capabilities")
        wanted = value.get("capabilities", {})
        if not isinstance(wanted, dict):
            raise ConfigError(f"{what}: `capabilities` is no table")
        try:
            return cls.of(wanted, **{key: found for key, found in value.items() if key != "capabilities"})
        except ConfigError as error:
            raise ConfigError(f"{what}: {error.message}", hint=error.hint) from None


def difference(
    old: CapabilityManifest, new: CapabilityManifest
) -> tuple[tuple[Capability, ...], tuple[Capability, ...]]:
    """(what the new one has beyond the old, what it has no more): the first is what a person must grant."""
    more = tuple(one for one in new.capabilities if not old.allows(one))
    less = tuple(one for one in old.capabilities if not new.allows(one))
    return more, less
