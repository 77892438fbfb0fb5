"""MCP servers that are another program tomorrow: started by name, without a version."""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.check_kit import Document, Finding, Repository, repository_check
from driven.trust.jsonc import Leaf
from driven.trust.settings import FRONT, SETTINGS, servers, values
from driven_checks.rule_texts import folders_up

VERIFIED = "2026-11-21"
PLACES = (*(place for place in SETTINGS if not place.endswith("/hooks")), *FRONT)
_EXACT = re.compile(r"v?\d")
_COMMIT = re.compile(r"[0-9a-f]{7,40}|v?\d[\w.-]*")
_NPX = frozenset(("npx", "bunx", "pnpx"))
_ONE = {  # options that take a word
    "npx": "-p --package --registry --prefix --cache -w --workspace",
    "uvx": "--from --with --python -p --index-url --index --extra-index-url --default-index --refresh-package"
    " --with-editable --directory --project --spec --pip-args --link-mode --cache-dir --env-file",
    "docker": "-e --env -v --volume -p --publish --name --network --net --mount -w --workdir -u --user --env-file"
    " --entrypoint --add-host -h --hostname --platform --pull -l --label -m --memory --cpus --gpus --device"
    " --security-opt --cap-add --cap-drop --dns --ulimit --tmpfs --shm-size --restart --runtime --ip --link"
    " --log-driver -a --attach --pids-limit --group-add --userns --volumes-from --annotation --cgroupns --ipc",
}
_TAKES_ONE = {program: frozenset(options.split()) for program, options in _ONE.items()}


@repository_check(
    "EXE02", "an MCP server without a version", *PLACES, severity="warning",
    why="The editor starts the newest release each time. A release that was taken over, or a server whose author"
    " changes its mind, runs on every machine that opens the folder, with the tools that were approved for the old one"
    " (MCPoison, CVE-2025-54136).",
    url="https://nvd.nist.gov/vuln/detail/CVE-2025-54136", verified=VERIFIED, security=True,
    bad='"command": "npx", "args": ["-y", "@acme/mcp"]', good='"command": "npx", "args": ["-y", "@acme/mcp@1.4.2"]',
)  # fmt: skip
def unpinned(repository: Repository) -> Iterator[Finding]:
    for document in repository.of(*PLACES):
        if "npx" in document.text or any(name in document.text for name in _LAUNCHERS):
            yield from _in_file(repository, document)


def _in_file(repository: Repository, document: Document) -> Iterator[Finding]:
    for server in servers(values(document)):
        found = _unpinned(server.words)
        if found is None:
            continue
        leaf, package, wanted = found
        if "dlx" not in [word.value for word in server.words] and _is_installed(repository, document, package):
            continue
        yield Finding(
            path=document.path,
            message=f"the MCP server `{server.name}` runs whatever `{package[:80]}` is that day: no version is given",
            start=leaf.start, end=leaf.end, hint=f"write the version that you have looked at: `{wanted[:90]}`",
        )  # fmt: skip


def _is_installed(repository: Repository, document: Document, package: str) -> bool:
    """Whether a `package.json` names the package: `npx` then runs the release that the lock file holds."""
    if "@" in package[1:] or not package:
        return False
    texts = (repository.read(f"{folder}/package.json".lstrip("/")) for folder in folders_up(document.scope))
    return any(f'"{package}":' in text for text in texts if text)


_LAUNCHERS = ("uvx", "uv", "pipx", "docker", "podman", "bunx", "bun", "pnpm", "pnpx", "yarn", "npm", "deno")


def _unpinned(words: list[Leaf]) -> tuple[Leaf, str, str] | None:
    """(where, what, what it should be) of a server that is started without a version."""
    pairs = [(str(leaf.value), leaf) for leaf in words]
    if pairs and " " in pairs[0][0].strip():  # the whole command in one text
        pairs = [(word, pairs[0][1]) for word in pairs[0][0].split()] + pairs[1:]
    for _ in range(3):
        if not pairs:
            return None
        program = _program(pairs[0][0])
        if program == "cmd":
            pairs = [pair for pair in pairs[1:] if pair[0].lower() not in ("/c", "/s", "/d")]
        elif program == "env":
            pairs = [pair for pair in pairs[1:] if "=" not in pair[0] and not pair[0].startswith("-")]
        elif program in ("sh", "bash", "zsh") and len(pairs) > 2 and pairs[1][0].startswith("-"):
            leaf = pairs[2][1]
            pairs = [(word.strip("\"'"), leaf) for word in pairs[2][0].split()]
            if pairs and pairs[0][0] == "exec":
                pairs = pairs[1:]
        else:
            break
    if not pairs:
        return None
    program, rest = _program(pairs[0][0]), pairs[1:]
    first = rest[0][0] if rest else ""
    if program in _NPX or (program, first) in _SECOND_NPM:
        return _node(rest if program in _NPX else rest[1:])
    if program == "uvx" or (program == "pipx" and first == "run"):
        return _python(rest if program == "uvx" else rest[1:])
    if program == "uv" and [word for word, _ in rest[:2]] == ["tool", "run"]:
        return _python(rest[2:])
    if program in ("docker", "podman") and first == "run":
        return _image(rest[1:])
    return None


_SECOND_NPM = {("npm", "exec"), ("npm", "x"), ("pnpm", "dlx"), ("yarn", "dlx"), ("bun", "x")}


def _program(word: str) -> str:
    name = re.split(r"[/\\]", word.strip().lower())[-1]
    return name.rpartition(".")[0] if name.endswith((".cmd", ".exe", ".ps1")) else name


def _argument(pairs: list[tuple[str, Leaf]], kind: str, named: tuple[str, ...] = ()) -> tuple[str, Leaf] | None:
    """The first argument that is no option; or the value of an option that names the package."""
    takes = _TAKES_ONE[kind]
    at = 0
    while at < len(pairs):
        word, leaf = pairs[at]
        name, equals, value = word.partition("=")
        if name in named and (equals or at + 1 < len(pairs)):
            return (value, leaf) if equals else pairs[at + 1]
        if kind == "npx" and word in ("-c", "--call", "--no", "--no-install", "--offline"):
            return None  # a command, or what is installed
        if word.startswith("-") and word != "--":
            at += 2 if not equals and word in takes else 1
            continue
        if word != "--":
            return word, leaf
        at += 1
    return None


def _is_own(word: str) -> bool:
    """A file of the machine, or a name that is filled in elsewhere."""
    return not word or word[0] in "./~$<{\\%" or word.startswith(("file:", "link:", "workspace:")) or word[1:3] == ":\\"


def _node(pairs: list[tuple[str, Leaf]]) -> tuple[Leaf, str, str] | None:
    found = _argument(pairs, "npx", ("-p", "--package"))
    if found is None or _is_own(found[0]):
        return None
    word, leaf = found
    if word.startswith(("github:", "git+", "git@", "http")) or ("/" in word and word[0] != "@"):
        if word.startswith("http") and ".git" not in word:
            return None
        _, _, commit = word.partition("#")
        return (
            None
            if _COMMIT.fullmatch(commit.removeprefix("semver:"))
            else (leaf, word, word.partition("#")[0] + "#<commit>")
        )
    name, at, version = word[1:].rpartition("@")
    name = word[0] + name if at else word
    return None if at and _EXACT.match(version) else (leaf, word, f"{name}@<version>")


def _python(pairs: list[tuple[str, Leaf]]) -> tuple[Leaf, str, str] | None:
    found = _argument(pairs, "uvx", ("--from", "--spec"))
    if found is None or _is_own(found[0]):
        return None
    word, leaf = found
    if "://" in word:
        address = word.partition("://")[2].partition("#")[0]
        if "git" not in word.partition("://")[0] and ".git" not in word:
            return None
        path, at, commit = address.rpartition("@")
        pinned = at and "/" in path and _COMMIT.fullmatch(commit)
        return None if pinned else (leaf, word, f"{word.partition('#')[0]}@<commit>")
    if "==" in word or word.endswith((".whl", ".tar.gz")):
        return None
    name, at, version = word.partition("@")
    return (
        None if at and _EXACT.match(version.strip()) else (leaf, word, f"{name.split('>')[0].split('~')[0]}==<version>")
    )


def _image(pairs: list[tuple[str, Leaf]]) -> tuple[Leaf, str, str] | None:
    found = _argument(pairs, "docker")
    if found is None or _is_own(found[0]) or "$" in found[0] or "<" in found[0]:
        return None
    word, leaf = found
    if "@sha256:" in word:
        return None
    head, _, name = word.rpartition("/")
    name, colon, tag = name.partition(":")
    if tag == "latest" or (not colon and head):
        base = f"{head}/{name}" if head else name
        return leaf, word, f"{base}:<version>"
    return None
