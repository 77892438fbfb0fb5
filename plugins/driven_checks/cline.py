"""Cline's rules: https://docs.cline.bot/customization/cline-rules, and how its two loaders read them (2026-08-22).

The editor's loader reads every file below `.clinerules` and looks at `paths`; the command line's reads the files
directly in it, and keeps one of each name.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Key, Repair, Repository, file_check, repository_check
from driven.plugin_kit import is_universal, quoted, split_list
from driven_checks.general import FRONT_KEYS

CONDITIONS = "https://docs.cline.bot/features/cline-rules/conditional-rules"
RULES = "https://docs.cline.bot/customization/cline-rules"
SOURCE = "https://github.com/cline/cline"
VERIFIED = "2026-11-21"
RULE = "cline/rule"
FILE = ".clinerules"
_SUFFIXES = (".md", ".markdown", ".txt")
_GLOBS = ("globs", "applyTo")


def _is_rule(document: Document) -> bool:
    """What stands beside a skill is the skill's own."""
    return "/skills/" not in document.path and document.name.endswith(_SUFFIXES)


@file_check(
    "CLN01", "`paths` that is no list", RULE,
    why="Cline reads `paths` only as a list. A text is ignored without a word, and the rule is always on.",
    url=CONDITIONS, verified=VERIFIED, bad="paths: src/**/*.ts", good='paths: ["src/**/*.ts"]', fix="safe",
)  # fmt: skip
def paths_no_list(document: Document) -> Iterator[Finding]:
    key = document.key("paths")
    if key is None or key.value is None or isinstance(key.value, list) or not _is_rule(document) or _problem(document):
        return
    repair = None
    hint = 'write `paths: ["src/**"]`'
    if isinstance(key.value, str) and key.value.strip():
        written = _flow(split_list(key.value))
        hint = f"write `paths: {written}`"
        edit = Edit(start=key.value_start, end=key.value_end, text=written)
        repair = Repair(title="Write a list", edits=(edit,), safe=True)
    yield Finding(
        message="Cline ignores `paths` that is no list; the rule is always on", start=key.value_start,
        end=key.value_end, hint=hint, repair=repair,
    )  # fmt: skip


@file_check(
    "CLN02", "`paths` without a pattern", RULE, severity="warning",
    why="An empty list matches no file, so the rule never activates. Without `paths` it would always be on.",
    url=CONDITIONS, verified=VERIFIED, bad="paths: []", good='paths: ["src/**"]', fix="unsafe",
)  # fmt: skip
def paths_empty(document: Document) -> Iterator[Finding]:
    key = document.key("paths")
    if key is None or key.value != [] or not _is_rule(document) or _problem(document):
        return
    yield Finding(
        message="`paths` is empty; the rule never activates", start=key.value_start, end=key.value_end,
        hint="name the files, or delete `paths` for a rule that is always on",
        repair=Repair(title="Delete `paths`", edits=(_without(document, key),)),
    )  # fmt: skip


@file_check(
    "CLN03", "a key of another editor", RULE,
    why="Cline reads only `paths`. A rule that another editor would load for some files is always on in Cline.",
    url="https://github.com/avifenesh/agnix", verified=VERIFIED, bad="globs: src/**", good='paths: ["src/**"]',
    fix="safe",
)  # fmt: skip
def foreign_key(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or not front.keys or not _is_rule(document) or _problem(document):
        return
    has_paths = front.get("paths") is not None
    always = front.value("alwaysApply")
    globs = next((key for key in front.keys if key.name in _GLOBS), None)
    for key in front.keys:
        if key.name in _GLOBS:
            items = key.value if isinstance(key.value, list) else split_list(str(key.value or ""))
            wanted = [item for item in items if isinstance(item, str)]
            everything = any(is_universal(item) for item in wanted)
            if has_paths or always is True or everything or not wanted:
                yield _unread(document, key)
                continue
            written = _flow(wanted)
            repair = None
            if key is globs:
                edits = (
                    Edit(start=key.start, end=key.end, text="paths"),
                    Edit(start=key.value_start, end=key.value_end, text=written),
                )
                repair = Repair(title="Write it as `paths`", edits=edits, safe=True)
            yield Finding(
                message=f"`{key.name}` is another editor's key; Cline reads only `paths`, so the rule is always on",
                start=key.start, end=key.end, hint=f"write `paths: {written}`", repair=repair,
            )  # fmt: skip
        elif key.name == "alwaysApply":
            if always is not False or has_paths or globs is not None:
                yield _unread(document, key)
            else:
                yield Finding(
                    message="`alwaysApply` is Cursor's key; Cline does not read it, and the rule is always on",
                    start=key.start, end=key.end,
                    hint="name the files under `paths`, or make it a workflow in `.clinerules/workflows`",
                )  # fmt: skip


def _unread(document: Document, key: Key) -> Finding:
    """A key that changes nothing, and is missed by nobody."""
    return Finding(
        message=f"Cline does not read `{key.name}`; it changes nothing", start=key.start, end=key.end, severity="info",
        hint=f"delete `{key.name}`",
        repair=Repair(title=f"Delete `{key.name}`", edits=(_without(document, key),), safe=True),
    )  # fmt: skip


@file_check(
    "CLN04", "front matter that Cline cannot read", RULE,
    why="Of front matter that is no YAML the editor sends the raw text, keys and all, and the command line drops the"
    " whole file. Both want lines that are exactly `---`.",
    url=SOURCE, verified=VERIFIED, bad="- **/*.ts", good='- "**/*.ts"', fix="safe",
)  # fmt: skip
def not_yaml(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or not _is_rule(document):
        return
    if front.end < 0:
        line = document.text[front.start : front.start + 200].split("\n")[0]
        name, colon, rest = line.partition(":")
        if colon and name in FRONT_KEYS and rest[:1] in ("", " ", "\r"):
            yield Finding(
                message="the front matter is never closed; Cline sends its keys to the model as text", end=3,
                hint="write a line `---` below the keys",
            )  # fmt: skip
        return
    if front.problem:
        known = any(key.name in FRONT_KEYS for key in front.keys)
        if not known or _is_ours_alone(front.problem, front.text):  # prose between two lines across the page
            return
        start = min(front.problem_at, front.end)
        end = document.text.find("\n", start)
        repair = _in_quotes(document)
        yield Finding(
            message="the front matter is no YAML; the editor sends it as text, and the command line drops the file",
            start=start, end=max(start, front.end if end < 0 else end), repair=repair,
            hint="put the patterns in quotes" if repair else f"correct it: {front.problem.rstrip('.')}",
        )  # fmt: skip
        return
    if front.keys:
        yield from _fences(document, front.start, front.end)


def _is_ours_alone(problem: str, text: str) -> bool:
    """Whether only we refuse the front matter: for its size, or an anchor that has a name."""
    return ("anchors" in problem and "&" in text) or problem.startswith(
        ("the front matter is longer", "more than", "nested")
    )


def _fences(document: Document, start: int, end: int) -> Iterator[Finding]:
    """Blanks behind one of the two lines of `---`."""
    text = document.text
    stop = text.find("\n", end)
    for at, last in ((text.rfind("---", 0, start), start), (end, len(text) if stop < 0 else stop)):
        blanks = text[at + 3 : last].rstrip("\r\n")
        if blanks:
            edit = Edit(start=at + 3, end=at + 3 + len(blanks), text="")
            yield Finding(
                message="Cline takes only a line that is just `---`; with blanks behind it the keys are sent as text",
                start=at + 3, end=at + 3 + len(blanks), hint="delete the blanks behind `---`",
                repair=Repair(title="Delete the blanks", edits=(edit,), safe=True),
            )  # fmt: skip
            return


def _in_quotes(document: Document) -> Repair | None:
    """Patterns without quotes put in quotes, where that makes YAML of it."""
    front = document.front
    key = document.key("paths")
    if front is None or key is None or len(front.text) > 20_000:
        return None
    edits = []
    at = key.value_start
    for line in key.raw.split("\n"):
        bare = line.strip()
        is_item = bare[:2] in ("- ", "-\t")
        item = bare[1:].strip() if is_item else bare
        if item[:1] in ("*", "!", "{", "&", "%", "@", "`") and '"' not in item and " #" not in item:
            start = at + line.index(item)
            text = quoted(item) if is_item else _flow(split_list(item))
            edits.append(Edit(start=start, end=start + len(item), text=text))
        at += len(line) + 1
    text = front.text
    for edit in reversed(edits):
        text = text[: edit.start - front.start] + edit.text + text[edit.end - front.start :]
    from driven.plugin_kit import load_yaml

    if not edits or load_yaml(text, path=document.path, line_offset=1).diagnostics:
        return None
    return Repair(title="Put the patterns in quotes", edits=tuple(edits), safe=True)


@repository_check(
    "CLN05", "rules that hang on `paths`", RULE, severity="info",
    why="The documentation describes `paths`, but in Cline's source of August 2026 nothing outside of the tests asks"
    " for it: such a rule may be on always.",
    url=CONDITIONS, verified=VERIFIED, bad='paths: ["src/**"]', good="a rule that also helps when it is always on",
)  # fmt: skip
def paths_at_all(repository: Repository) -> Iterator[Finding]:
    keys = [
        (document, key)
        for document in repository.of(RULE)
        if (key := document.key("paths")) is not None
        and isinstance(key.value, list)
        and key.value
        and not document.ours
        and _is_rule(document)
    ]
    if keys:
        document, key = keys[0]
        more = f", as {len(keys) - 1} more have it" if len(keys) > 1 else ""
        yield Finding(
            path=document.path, start=key.start, end=key.end,
            message=f"this rule has `paths`{more}; current builds of Cline may not look at it, and have it always on",
            hint="say in the first line of the text which files it is for",
        )  # fmt: skip


@repository_check(
    "CLN06", "two rules of one name", RULE,
    why="The command line knows a rule by its `name`, or by its file's name without the ending, in lower case. A later"
    " one replaces an earlier one; `.cline/rules` comes after `.clinerules`.",
    url=SOURCE, verified=VERIFIED, bad=".clinerules/style.md and .clinerules/style.txt", good="two different names",
)  # fmt: skip
def same_name(repository: Repository) -> Iterator[Finding]:
    seen: dict[str, list[Document]] = {}
    for document in repository.of(RULE):
        folder = document.folder
        if folder.rpartition("/")[2] == FILE and _is_rule(document):
            seen.setdefault(f"{folder}\n{_name(document)}", []).append(document)
    if not seen:
        return
    second: dict[str, str] = {}
    for path in repository.files:
        if ".cline/rules/" in path and path.endswith(_SUFFIXES):
            folder, _, name = path.rpartition("/")
            if folder.endswith(".cline/rules"):
                stem = name.rpartition(".")[0].lower()
                second[f"{folder.removesuffix('.cline/rules')}{FILE}\n{stem}"] = path
    for key, documents in seen.items():
        last = second.get(key) or documents[-1].path
        for document in documents:
            if document.path != last:
                stated = document.key("name")
                start, end = (stated.value_start, stated.value_end) if stated else (0, 0)
                yield Finding(
                    path=document.path, start=start, end=end,
                    message=f"`{last}` has the same name for Cline's command line, and replaces this rule",
                    hint="give one of the two another name",
                )  # fmt: skip


def _name(document: Document) -> str:
    stated = document.key("name")
    value = stated.value if stated is not None else None
    return (value if isinstance(value, str) and value.strip() else document.name.rpartition(".")[0]).strip().lower()


@file_check(
    "CLN07", "a rule in a folder below `.clinerules`", RULE, severity="warning",
    why="The editor reads `.clinerules` with all folders below it, the command line only the files directly in it."
    " There the rule does not exist.",
    url=SOURCE, verified=VERIFIED, bad=".clinerules/web/react.md", good=".clinerules/web-react.md", fix="unsafe",
)  # fmt: skip
def nested(document: Document) -> Iterator[Finding]:
    head, _, inner = document.path.rpartition(FILE + "/")
    if "/" not in inner or not _is_rule(document) or (head and head[-1] != "/"):
        return
    wanted = f"{head}{FILE}/{inner.replace('/', '-')}"
    yield Finding(
        message=f"Cline's command line does not read folders below `{FILE}`; it never sees this rule",
        hint=f"move it to `{wanted}`", repair=Repair(title=f"Move to {wanted}", rename=wanted),
    )  # fmt: skip


@repository_check(
    "CLN08", "a file `.clinerules` where a folder is needed", "cline/legacy",
    why="A file and a folder cannot have one name: while the file is there, no second rule can be. Cline itself turns"
    " it into `.clinerules/default-rules.md` when it makes a new rule.",
    url=RULES, verified=VERIFIED, bad=".clinerules (a file)", good=".clinerules/default-rules.md",
)  # fmt: skip
def file_for_folder(repository: Repository) -> Iterator[Finding]:
    document = repository.document(FILE)
    if document is None:
        return
    wanted = f"{FILE}/default-rules.md"
    needed = repository.managed and "cline" in repository.editors
    message = (
        f"the file `{FILE}` stands where the rules for Cline need a folder of that name; they cannot be written"
        if needed
        else f"all rules for Cline are in the one file `{FILE}`; while it is there, no folder of that name can be"
    )
    yield Finding(path=FILE, message=message, hint=f"make it `{wanted}`", severity=None if needed else "info")


def _problem(document: Document) -> str:
    front = document.front
    return front.problem if front is not None else ""


def _flow(items: list[str]) -> str:
    return "[" + ", ".join([quoted(item) for item in items]) + "]"


def _without(document: Document, key: Key) -> Edit:
    """The lines of a key deleted, and the front matter with it where nothing else stands there."""
    front = document.front
    if front is not None and len(front.keys) == 1:
        return Edit(start=0, end=document.body_start, text="")
    start = document.line_bounds(document.line_of(key.start))[0]
    end = document.line_bounds(document.line_of(max(key.value_end, key.end)))[1]
    return Edit(start=start, end=end, text="")
