"""What a person can do where bubblewrap is not there, or the system does not let it work."""

from __future__ import annotations

import os

_INSTALL = {
    "debian": "sudo apt install bubblewrap", "ubuntu": "sudo apt install bubblewrap",
    "fedora": "sudo dnf install bubblewrap", "rhel": "sudo dnf install bubblewrap",
    "arch": "sudo pacman -S bubblewrap", "alpine": "apk add bubblewrap", "suse": "sudo zypper install bubblewrap",
    "opensuse": "sudo zypper install bubblewrap", "nixos": "nix-env -iA nixos.bubblewrap",
}  # fmt: skip
# A switch of the kernel, the value with which namespaces are refused, and the remedy.
_SWITCHES = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
        "AppArmor refuses user namespaces (Ubuntu 23.10 and later): give bwrap a profile with `userns,` in "
        "/etc/apparmor.d, or `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone", "0",
        "`sudo sysctl kernel.unprivileged_userns_clone=1`",
    ),
    ("/proc/sys/user/max_user_namespaces", "0", "`sudo sysctl user.max_user_namespaces=10000`"),
)  # fmt: skip


def for_bubblewrap(said: str) -> str:
    """The remedy, where bubblewrap is missing ("" said) or failed."""
    if not said:
        return _INSTALL.get(_system(), "install bubblewrap 0.8 or later")
    for path, value, remedy in _SWITCHES:
        if _read(path) == value:
            return remedy
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        return (
            "a container's default profile refuses namespaces: start it with `--security-opt seccomp=unconfined`, or a "
            "profile that allows unshare and mount; ring L works without"
        )
    return "run `bwrap --unshare-all --ro-bind / / true` to see what it says; ring L works without"


def _system() -> str:
    """The distribution, or the one that it is like, as /etc/os-release names it."""
    words = []
    for line in _read("/etc/os-release", 8192).splitlines():
        key, _, value = line.partition("=")
        if key in ("ID", "ID_LIKE"):
            words += value.strip('"').split()
    return next((one for one in words if one in _INSTALL), "")


def _read(path: str, most: int = 64) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(most).strip()
    except OSError:
        return ""
