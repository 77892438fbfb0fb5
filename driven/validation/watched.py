"""What the list of a project's files hangs on, so that a kept answer is given no longer than it holds.

Git's answer hangs on its index, its configuration, on what is ignored and where that is said, and on folders in which
no file is yet. Everything here is looked at once more, after the list was made: the caller refuses what is too young.
"""

from __future__ import annotations

import os
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from driven.validation.files import Folder

MOST_FOLDERS = 20_000  # of a project, where all are watched; in a larger one nothing is kept
DEEPEST = 64  # levels of folders without files of git's
MAX_CONFIG = 1 << 20
TIMEOUT = 20  # seconds
# With these git looks elsewhere than it would: nothing is kept.
ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_CEILING_DIRECTORIES")


def watched(folder: Folder) -> tuple[set[str], set[str]] | None:
    """The folders (relative to the root) and the other paths (there or not) that the list of files hangs on; None when
    that cannot be known."""
    if any(name in os.environ for name in ELSEWHERE):
        return None
    paths: set[str] = set()
    top = os.path.abspath(folder.root)
    while not os.path.lexists(os.path.join(top, ".git")):
        paths.add(os.path.join(top, ".git"))  # a repository that is made later
        parent = os.path.dirname(top)
        if parent == top:
            return (set(folder.folders), paths) if not folder.has_git else None
        top = parent
    if not folder.has_git:
        return None  # git is not there, or refuses: what would change its mind?
    settings = _repository(top)
    folders = _folders(folder)
    if settings is None or folders is None:
        return None
    paths |= settings
    above = os.path.abspath(folder.root)
    while above != top:
        above = os.path.dirname(above)
        paths.add(os.path.join(above, ".gitignore"))
    for path in folders:
        ignore = os.path.join(path, ".gitignore")
        if not path or os.path.lexists(os.path.join(folder.root, ignore)):  # a new one changes its folder
            paths.add(ignore)
    return folders, paths


def modules() -> list[str]:
    """The files of loaded modules that are no part of an installation: whoever writes a check runs it often."""
    inside = (os.path.join(sys.prefix, ""), os.path.join(sys.base_prefix, ""))
    found = set()
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not path.startswith(inside) and "site-packages" not in path:
            found.add(os.path.abspath(path))
    return sorted(found)


def _repository(top: str) -> set[str] | None:
    """Index, configuration and lists of ignored files of the repository whose work tree is `top`."""
    git = os.path.join(top, ".git")
    paths = set()
    if not os.path.isdir(git):  # of a worktree or a submodule
        paths.add(git)
        said = _text(git)
        if said is None or not said.startswith("gitdir:"):
            return None
        git = os.path.join(top, said.removeprefix("gitdir:").strip())
    common = git
    if (said := _text(os.path.join(git, "commondir"))) is not None:
        paths.add(os.path.join(git, "commondir"))
        common = os.path.join(git, said.strip())
    paths.add(os.path.join(git, "index"))
    paths.add(os.path.join(common, "info", "exclude"))
    home = os.environ.get("HOME", "")
    own = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    files = [
        "/etc/gitconfig", os.path.join(own, "git", "config"), os.path.join(home, ".gitconfig"),
        os.path.join(common, "config"), os.path.join(git, "config.worktree"),
    ]  # fmt: skip
    paths.update(files)
    paths.add(os.path.join(own, "git", "ignore"))
    texts = [(_text(path) or "").lower() for path in files]
    if any(word in text for text in texts for word in ("include", "excludesfile")) or any(
        name.startswith("GIT_CONFIG") for name in os.environ
    ):
        more = _configured(top)
        if more is None:
            return None
        paths |= more
    return paths


def _configured(top: str) -> set[str] | None:
    """All files that git's configuration is read from, and the file of ignored names that it tells."""
    said = _git(top, ["config", "--list", "--includes", "--show-origin", "-z"], b"")
    if said is None:
        return None
    parts = [os.fsdecode(part) for part in said.split(b"\0")]
    paths = set()
    for origin, pair in zip(parts[::2], parts[1::2], strict=False):
        if origin.startswith("file:"):
            paths.add(os.path.join(top, origin.removeprefix("file:")))
        key, _, value = pair.partition("\n")
        if key.lower() == "core.excludesfile":
            paths.add(os.path.join(top, os.path.expanduser(value)))
        elif key.lower().startswith(("include.", "includeif.")):
            return None  # a file that may come into being, or a condition that may come true
    return paths


def _folders(folder: Folder) -> set[str] | None:
    """The folders of git's files, and those beside them that git does not ignore: a new file in one is a new file of
    the project."""
    known = set(folder.folders)
    repositories = {path.removesuffix("/") for path in folder.listed}
    todo = set(known)
    for _ in range(DEEPEST):
        if len(known) > MOST_FOLDERS:
            return None
        beside = {path for path in _children(folder.root, todo) if path not in known and path not in repositories}
        if not beside:
            return known
        ignored = _ignored(folder.root, beside)
        if ignored is None:
            return None
        todo = beside - ignored
        known |= todo
    return None


def _children(root: str, folders: Iterable[str]) -> Iterable[str]:
    for path in folders:
        try:
            with os.scandir(os.path.join(root, path)) as listing:
                for child in listing:
                    if child.is_dir(follow_symlinks=False) and child.name != ".git":
                        yield f"{path}/{child.name}" if path else child.name
        except OSError:
            continue


def _ignored(root: str, folders: Iterable[str]) -> set[str] | None:
    """Those of the folders that git ignores whole."""
    given = b"\0".join(os.fsencode(path) + b"/" for path in sorted(folders))
    said = _git(root, ["check-ignore", "-z", "--stdin"], given, none=1)
    return None if said is None else {os.fsdecode(path).removesuffix("/") for path in said.split(b"\0") if path}


def _git(folder: str, words: list[str], given: bytes, none: int = 0) -> bytes | None:
    """What git says; b"" when it ends with `none`; None when it fails."""
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "-C", folder, *words], input=given,
            capture_output=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode and done.returncode == none:
        return b""
    return None if done.returncode else done.stdout


def _text(path: str) -> str | None:
    from driven.project.reading import read_file

    try:
        return read_file(path, MAX_CONFIG)[0].decode("utf-8", "surrogateescape")
    except OSError:
        return None
