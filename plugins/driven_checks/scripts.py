"""Commands that a rule tells to run and the project does not have: scripts, targets, recipes, files of scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from driven.check_kit import Body, Document, Finding, Repository, repository_check
from driven_checks.elsewhere import is_for_another, is_handed_on
from driven_checks.references import PLACES, is_marked, is_missing, is_plain
from driven_checks.rule_texts import folders_up, is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.model.diagnostic import Severity

VERIFIED = "2026-11-21"
MOST_COMMANDS = 300  # of one text
MOST_SPANS = 5_000  # different code spans of one text
MOST_PACKAGES = 100

# A text without either names no command that is looked for.
_SPAN = re.compile(
    r"`(?:(?:p?npm|yarn|bun|g?make|just|python3?|node|bash|sh|zsh|ruby|tsx|ts-node|source|php|perl|poetry|uv|pipenv|pdm"
    r"|hatch|bundle) |\./|[A-Z][A-Z_]{1,40}=)"
)
_FENCE = re.compile(r"```[ ]?(?:bash|sh|zsh|console|terminal)")
_SHELLS = frozenset(("bash", "sh", "shell", "zsh", "console", "shell-session", "shellsession", "terminal"))
_OF_PROJECT = frozenset(("npm", "pnpm", "yarn", "bun", "make", "gmake", "just"))
_PREFIXES = frozenset(
    (("poetry", "run"), ("uv", "run"), ("pipenv", "run"), ("pdm", "run"), ("hatch", "run"), ("bundle", "exec"))
)
_RUNNERS = frozenset(
    ("python", "python3", "node", "bash", "sh", "zsh", "ruby", "tsx", "ts-node", "source", "php", "perl")
)
# `pnpm x` and `yarn x` run a tool as well as a script: of these words people mean a script.
_USUAL = frozenset(
    ("dev", "build", "test", "lint", "format", "typecheck", "type-check", "check", "preview", "serve", "e2e", "start",
     "lint-fix", "format-check", "check-types", "storybook", "typegen", "codegen", "db-migrate")
)  # fmt: skip
_ELSEWHERE = frozenset(
    ("-C", "-w", "-ws", "-r", "-F", "-f", "--prefix", "--workspace", "--workspaces", "--filter", "--recursive", "--cwd",
     "--dir", "--directory", "--file", "--makefile", "--justfile", "--working-directory", "-d", "workspace",
     "workspaces")
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9_][\w:.@/-]{0,79}")
_UNSURE = re.compile(
    r"(?:x|xxx|foo|bar|name|script|script-?name|target|recipe|task|command|(?:your|my|some)-.{0,80})", re.IGNORECASE
)
_SEPARATORS = re.compile(r"&&|\|\||[;|]")
_RULE = re.compile(r"^([A-Za-z0-9_.%/][\w .%/-]{0,200}?)\s{0,4}::?(?!=)", re.MULTILINE)
_OPEN = re.compile(r"^[^\t#\n=$%:]{0,200}[$%][^\n=:]{0,200}:(?!=)", re.MULTILINE)  # its targets are not all said
_PHONY = re.compile(r"^\.PHONY\s{0,4}:([^\n#]{0,2000})", re.MULTILINE)
_RECIPE = re.compile(r"^@?([A-Za-z_][\w-]{0,79})(?:[ \t][^:=\n]{0,200})?:(?!=)", re.MULTILINE)
_ALIAS = re.compile(r"^alias\s{1,4}([\w-]{1,80})\s{0,4}:=", re.MULTILINE)


class Command:
    """One command that a text names: `words`, and where it stands."""

    __slots__ = ("end", "start", "words")

    def __init__(self, words: tuple[str, ...], start: int, end: int) -> None:
        self.words = words
        self.start = start
        self.end = end


@repository_check(
    "REF02", "a command that the project does not have", *PLACES, severity="warning",
    why="The rule tells the model to run a script or a target that does not exist. It fails, guesses another one, and"
    " may go on without the check that was asked for.",
    url="https://docs.npmjs.com/cli/commands/npm-run-script", verified=VERIFIED,
    bad="Run `npm run lint:fix` before you commit.", good="Run `npm run lint` before you commit.",
)  # fmt: skip
def missing_command(repository: Repository) -> Iterator[Finding]:
    for document in repository.of(*PLACES):
        if (document.ours and is_ours(document)) or is_for_another(document.path):
            continue
        told: set[str] = set()
        for command in document.body.shared("driven_checks.commands", _commands):
            problem = _problem(repository, document, command.words)
            if problem is None or problem[0] in told:
                continue
            told.add(problem[0])
            start, end = document.body_start + command.start, document.body_start + command.end
            # Most skills are written for any project, also those that somebody installed here.
            severity: Severity | None = "info" if document.place == "skill/skill" else None
            yield Finding(
                message=problem[0], start=start, end=end, path=document.path, hint=problem[1], severity=severity
            )  # fmt: skip


def _problem(repository: Repository, document: Document, words: tuple[str, ...]) -> tuple[str, str] | None:
    """(message, hint) when what a command runs is certainly not there."""
    tool = words[0]
    if tool in _OF_PROJECT and document.place == "skill/skill" and is_handed_on(document.path):
        return None
    if tool in ("npm", "pnpm", "yarn", "bun"):
        return _script(repository, document, words)
    if tool in ("make", "gmake"):
        return _made(repository, document, words, "target", _MAKEFILES, _targets)
    if tool == "just":
        return _made(repository, document, words, "recipe", _JUSTFILES, _recipes)
    path = (words[1] if tool in _RUNNERS and len(words) > 1 else tool).removeprefix("./")
    if "/" in path and is_plain(path) and not path.endswith("/") and is_missing(repository, document, path):
        return f"`{path}` does not exist", "name the script that is meant, or delete the command"
    return None


def _script(repository: Repository, document: Document, words: tuple[str, ...]) -> tuple[str, str] | None:
    tool, *rest = words
    explicit = len(rest) > 1 and rest[0] in ("run", "run-script")
    if not rest:
        return None
    name = rest[1] if explicit else rest[0]
    if not explicit and tool == "npm" and name not in ("test", "start"):
        return None
    if not explicit and tool == "bun":
        return None
    if not (explicit and tool in ("npm", "pnpm")) and name not in _USUAL and ":" not in name:
        return None
    if not _is_name(name) or (name == "start" and repository.exists("server.js")):
        return None
    near = [found for base in _bases(document) if (found := _scripts(repository, base + "package.json"))]
    if not near or any(name in scripts for scripts in near):
        return None
    if any(name in scripts for scripts in repository.shared("driven_checks.scripts", lambda: _all_scripts(repository))):
        return None
    shown = " ".join(words[: 3 if explicit else 2])
    return f"`{shown}`: no script `{name}` is in `package.json`", _instead(name, sorted(near[0]), "its scripts are")


def _made(
    repository: Repository, document: Document, words: tuple[str, ...], what: str, files: tuple[str, ...],
    read: Callable[[str], frozenset[str] | None],
) -> tuple[str, str] | None:  # fmt: skip
    """The first target (`make`) or the recipe (`just`) of a command that no file of that kind has."""
    found: list[tuple[str, frozenset[str]]] = []
    for base in _bases(document):
        for file in files:
            text = repository.read(base + file)
            if text is not None:
                known = read(text)
                if known is None:
                    return None
                found.append((base + file, known))
    if not found:
        return None
    asked = [word for word in words[1:] if "=" not in word]
    for name in asked if what == "target" else asked[:1]:
        if not _is_name(name) or any(name in known for _, known in found) or repository.exists(name):
            continue
        others = [path for path in repository.files if path.rpartition("/")[2] in files][:MOST_PACKAGES]
        elsewhere = [read(repository.read(path) or "") for path in others]
        if any(known is None or name in known for known in elsewhere):
            continue
        path, known = found[0]
        return (
            f"`{words[0]} {name}`: `{path}` has no {what} `{name}`", _instead(name, sorted(known), f"its {what}s are")
        )  # fmt: skip
    return None


_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_JUSTFILES = ("justfile", "Justfile", ".justfile")


def _targets(text: str) -> frozenset[str] | None:
    """The targets of a Makefile, None where it may have others than those that stand in it."""
    if "include" in text and re.search(r"^[-s]?include\b", text, re.MULTILINE) is not None:
        return None
    if "$(eval" in text or ".DEFAULT:" in text or _OPEN.search(text) is not None:
        return None
    found = {name for match in _RULE.finditer(text) for name in match[1].split() if name[0] != "."}
    return frozenset(found.union(*(match[1].split() for match in _PHONY.finditer(text))))


def _recipes(text: str) -> frozenset[str] | None:
    if re.search(r"^(?:import|mod|set\s+fallback)\b", text, re.MULTILINE) is not None:
        return None
    return frozenset(match[1] for pattern in (_RECIPE, _ALIAS) for match in pattern.finditer(text))


def _scripts(repository: Repository, path: str) -> frozenset[str]:
    """The scripts of a package.json, none where it has none or is no JSON."""
    known = repository.shared("driven_checks.packages", lambda: dict[str, frozenset[str]]())
    if path not in known:
        known[path] = _read_scripts(repository.read(path) or "")
    else:
        repository.read(path)
    return known[path]


def _read_scripts(text: str) -> frozenset[str]:
    if '"scripts"' not in text:
        return frozenset()
    import json

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return frozenset()
    scripts = value.get("scripts") if isinstance(value, dict) else None
    return frozenset(name for name in scripts if isinstance(name, str)) if isinstance(scripts, dict) else frozenset()


def _all_scripts(repository: Repository) -> list[frozenset[str]]:
    paths = [path for path in repository.files if path.endswith("/package.json") and "node_modules/" not in path]
    return [_scripts(repository, path) for path in paths[:MOST_PACKAGES]]


def _instead(name: str, known: list[str], words: str) -> str:
    if not known:
        return "delete the command, or add what it runs"
    from difflib import get_close_matches

    close = get_close_matches(name[:80], known[:500], 1)
    if close:
        return f"write `{close[0]}`, if that is meant"
    shown = ", ".join(f"`{each}`" for each in known[:6])
    return f"{words} {shown}" + (" and others" if len(known) > 6 else "")


def _bases(document: Document) -> list[str]:
    return [folder + "/" if folder else "" for folder in folders_up(document.scope)]


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and _UNSURE.fullmatch(name) is None


def _commands(body: Body) -> list[Command]:
    """The commands in the code spans and the shell fences of a text."""
    text = body.text
    if _SPAN.search(text) is None and _FENCE.search(text) is None and "~~~" not in text:
        return []
    found: list[Command] = []
    seen: set[str] = set()
    for start, end in body.code if _SPAN.search(text) is not None else ():
        said = text[start:end] if end - start < 200 else ""
        if said in seen:
            continue
        seen.add(said)
        if len(seen) > MOST_SPANS:
            break
        if " " in said and "\n" not in said:
            made = list(_split(text, start, end))
            if made and not is_marked(body, start):
                found += made
    for fence in body.fences:
        if fence.info.partition(" ")[0].lower() in _SHELLS and not is_marked(body, fence.start):
            found += _in_fence(text, fence.content_start, fence.end)
        if len(found) > MOST_COMMANDS:
            break
    return found[:MOST_COMMANDS]


def _in_fence(text: str, at: int, end: int) -> Iterator[Command]:
    """The commands of a fence, up to the one that changes the folder."""
    count = 0
    while at < end and count < MOST_COMMANDS:
        count += 1
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        line = text[at:stop]
        bare = line.lstrip(" \t")
        bare = bare[2:] if bare[:2] in ("$ ", "% ", "> ") else bare
        if bare.startswith(("cd ", "pushd ", "git clone", "npm init", "npx create", "mkdir ")):
            return
        if "<<" in bare or bare[-2:] == "\\\n":
            return
        if bare and bare[0] != "#":
            begin = at + len(line) - len(bare)
            comment = text.find(" #", begin, stop)
            yield from _split(text, begin, comment if comment >= 0 else stop)
        at = stop + 1


def _split(text: str, start: int, end: int) -> Iterator[Command]:
    """The commands between two offsets that are looked for, each without flags."""
    at = start
    line = text[start:end]
    if "cd " in line or "$(" in line or "<" in line or "{" in line or "*" in line:
        return
    for part in _SEPARATORS.split(line):
        begin = text.find(part, at, end) if part else at
        at = begin + len(part)
        words = part.split()
        while words and "=" in words[0] and not words[0].startswith("-"):
            words = words[1:]
        if tuple(words[:2]) in _PREFIXES:
            words = words[2:]
        if "--" in words:
            words = words[: words.index("--")]
        if len(words) < 1 or not _ELSEWHERE.isdisjoint(words) or any("=" in w and w[:1] == "-" for w in words):
            continue
        plain = tuple(word for word in words if word[:1] != "-")
        if words[0] in _RUNNERS and (len(words) < 2 or words[1][:1] == "-"):
            continue
        tools = ("npm", "pnpm", "yarn", "bun", "make", "gmake", "just")
        if plain and (plain[0] in _RUNNERS or plain[0][:2] == "./" or (plain[0] in tools and len(plain) > 1)):
            lead = len(part) - len(part.lstrip())
            yield Command(plain, begin + lead, begin + len(part.rstrip()))
