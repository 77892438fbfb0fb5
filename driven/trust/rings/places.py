"""What every program must see of the disk and of the environment, and what a manifest's scopes are there."""

from __future__ import annotations

import os

from driven.errors import PolicyError
from driven.trust.rings.landlock import (
    EXECUTE,
    READ,
    READ_FILE,
    WRITE,
    WRITE_FILE,
    Grant,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from driven.trust.capability import CapabilityManifest

# Libraries, their cache, certificates, time zones: the same on all machines of a kind, and nobody's secret.
SYSTEM = (
    "/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/usr/libexec",
    "/usr/share/zoneinfo", "/usr/share/ca-certificates", "/usr/share/git-core", "/etc/ssl/certs", "/etc/ld.so.cache",
    "/etc/localtime",
)  # fmt: skip
_DEVICES = {
    "/dev/null": READ_FILE | WRITE_FILE,
    "/dev/zero": READ_FILE,
    "/dev/urandom": READ_FILE,
    "/dev/random": READ_FILE,
}
_LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1",
            "/lib/ld-musl-aarch64.so.1")  # fmt: skip
_PROGRAMS = ("/bin", "/usr/bin")  # of a shell
_HELPERS = {"git": ("/usr/lib/git-core", "/usr/libexec/git-core")}  # programs that one program consists of
_VARIABLES = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
PATH = "/usr/local/bin:/usr/bin:/bin"


def python_places() -> tuple[str, ...]:
    """What this interpreter reads: its own folders and those that it imports from."""
    import sys

    found = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    found |= {one for one in sys.path if os.path.isabs(one) and os.path.exists(one)}
    return tuple(sorted(os.path.realpath(one) for one in found))


def library_places() -> tuple[str, ...]:
    """What the interpreter reads where it runs without site-packages: its library, and its shared object."""
    import sys
    import sysconfig

    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    found = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    found |= {os.path.join(sys.base_exec_prefix, "lib", name) for name in (version, *_shared(sys.base_exec_prefix))}
    return tuple(sorted({os.path.realpath(one) for one in found if os.path.exists(one)}))


def _shared(prefix: str) -> list[str]:
    try:
        return [name for name in os.listdir(os.path.join(prefix, "lib")) if name.startswith("libpython")]
    except OSError:
        return []


def system() -> list[Grant]:
    """Libraries to read and the harmless devices."""
    grants = [Grant(path=os.path.realpath(one), rights=READ) for one in SYSTEM if os.path.exists(one)]
    return grants + [Grant(path=path, rights=rights) for path, rights in _DEVICES.items()]


def loaders() -> list[Grant]:
    """What the kernel runs first for any program that is linked."""
    return [Grant(path=os.path.realpath(one), rights=EXECUTE | READ) for one in _LOADERS if os.path.exists(one)]


def scope(root: str, path: str) -> str:
    """The place of a scope below the project's folder. PolicyError where a link leads out of it."""
    base = os.path.realpath(root)
    place = os.path.realpath(os.path.join(base, path))
    if place != base and not place.startswith(base.rstrip("/") + "/"):
        raise PolicyError(
            f"`{path}` leads out of the project, to {place}",
            hint="name the folder itself, or move what the link points to",
        )
    return place


def readable(manifest: CapabilityManifest, root: str) -> list[str]:
    """The places of all that may be read of the project."""
    scopes = manifest.scopes
    return [scope(root, one) for kind in ("FileRead", "FileWrite") for one in scopes.get(kind, ())]


def written(manifest: CapabilityManifest, root: str, *, protect: bool) -> list[Grant]:
    """Rights to write what FileWrite names. A file that is not there yet needs them on its folder: that is not given.

    `protect`: what no plugin may write (`protected.py`) is left out, by granting what stands beside it."""
    from driven.trust.rings.protected import beside

    grants = []
    for one in manifest.scopes.get("FileWrite", ()):
        place = scope(root, one)
        grants += beside(os.path.realpath(root), place) if protect else [Grant(path=place, rights=READ | WRITE)]
    return grants


def programs(manifest: CapabilityManifest) -> list[Grant]:
    """Rights to run what ProcessSpawn names, found where programs of a system are, and for ShellExec all of these."""
    import shutil

    found: list[str] = []
    for name in manifest.scopes.get("ProcessSpawn", ()):
        path = shutil.which(name, path=PATH)
        found += [path, *_HELPERS.get(name, ())] if path else []
    if "ShellExec" in manifest.scopes:
        found += _PROGRAMS
    return [Grant(path=os.path.realpath(one), rights=EXECUTE | READ) for one in found if os.path.exists(one)]


def scratch(folder: str) -> Grant:
    """A folder of its own for temporary files."""
    return Grant(path=folder, rights=READ | WRITE)


def ports(manifest: CapabilityManifest) -> list[int]:
    """The ports of all hosts that are named: the kernel knows no hosts."""
    return sorted({int(one.rpartition(":")[2]) for one in manifest.scopes.get("NetworkAccess", ())})


def environment(
    manifest: CapabilityManifest, folder: str, more: Mapping[str, str], ours: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What a process finds: the language, a home and a folder for temporary files of its own, what EnvAccess names."""
    names: Iterable[str] = (*_VARIABLES, *manifest.scopes.get("EnvAccess", ()))
    found = {"PATH": PATH, "HOME": folder, "TMPDIR": folder}
    if "git" in manifest.scopes.get("ProcessSpawn", ()):
        found["GIT_CONFIG_NOSYSTEM"] = "1"  # it gives up over an /etc/gitconfig that it may not read
    return found | {name: ours[name] for name in names if name in ours} | dict(more)
