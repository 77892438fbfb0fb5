"""A pack out of a git repository: one commit of it, fetched by git into a folder of its own, as plain files.

Nothing of a repository runs: no hook, no filter, no submodule, and no protocol but https, ssh and file. What is read of
the person's own configuration is what finds the way there (proxies, credentials, ssh), and nobody is asked for one.
"""

from __future__ import annotations

import os
import shutil

from driven.errors import DeliveryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.delivery.origin import Origin

TIMEOUT = 300  # seconds
# A template folder of git's brings hooks; a filter is a program that a repository's attributes name; an alternate or a
# link leads elsewhere. https://git-scm.com/docs/git-config and https://git-scm.com/docs/git-clone, verified 2026-11-22.
_WORDS = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.symlinks=true",
    "-c", "protocol.allow=never", "-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always",
    "-c", "protocol.file.allow=always", "-c", "submodule.recurse=false", "-c", "fetch.fsckObjects=true",
    "-c", "transfer.bundleURI=false",
)  # fmt: skip
_CLONE = ("--depth", "1", "--single-branch", "--no-tags", "--no-recurse-submodules", "--template=", "--quiet")
_DROPPED = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_TEMPLATE_DIR", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_EXTERNAL_DIFF", "GIT_PREFIX",
)  # fmt: skip


def clone(one: Origin, top: str) -> str:
    """The folder of a pack, below the folder `top`. DeliveryError says why git did not give it."""
    folder = os.path.join(top, "repository")
    words = list(_WORDS)
    if one.url.startswith("http:"):
        words += ["-c", "protocol.http.allow=always"]
    branch = ["--branch", one.ref] if one.ref else []
    _git([*words, "clone", *_CLONE, *branch, "--", one.url, folder], one)
    shutil.rmtree(os.path.join(folder, ".git"), ignore_errors=True)
    found = os.path.join(folder, *one.path.split("/")) if one.path else folder
    if not os.path.isdir(found) or os.path.realpath(found) != os.path.join(os.path.realpath(folder), one.path).rstrip(
        "/"
    ):
        raise DeliveryError(f"`{one.url}` has no folder `{one.path}`", hint="git+URL#REF:FOLDER")
    return found


def _git(words: list[str], one: Origin) -> None:
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    environment |= {
        "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C",
        "GIT_ATTR_NOSYSTEM": "1",
    }  # fmt: skip
    environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    try:
        done = subprocess.run(
            ["git", *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False,
            env=environment,
        )  # fmt: skip
    except FileNotFoundError:
        raise DeliveryError("git is not on this machine", hint="install git, or take the pack from a server") from None
    except subprocess.TimeoutExpired:
        raise DeliveryError(f"`{one.url}` did not come within {TIMEOUT} s", hint="try again later") from None
    except OSError as error:
        raise DeliveryError(f"git cannot be run: {(error.strerror or 'unknown').lower()}") from None
    if done.returncode:
        said = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        last = next((line for line in reversed(said) if line.startswith(("fatal:", "error:"))), (said or [""])[-1])
        shown = "".join(c if c.isprintable() else " " for c in last.partition(": ")[2] or last)[:200]
        raise DeliveryError(f"git does not get `{one.url}`: {shown}", hint=_hint(shown, one))


def _hint(said: str, one: Origin) -> str:
    if "Remote branch" in said:
        return f"there is no branch or tag `{one.ref}`"
    if "terminal prompts disabled" in said or "Permission denied" in said or "Authentication" in said:
        return "git must know how to log in there without asking: a key in the agent, or a credential helper"
    return "look at the URL: `git clone` of it says more"
