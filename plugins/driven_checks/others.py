"""Kiro, Continue, Amp, Antigravity and Augment: what their rule files say that is not read as it is meant.

Sources, all verified 2026-11-21: https://kiro.dev/docs/steering/, the Markdown reader of continuedev/continue
(packages/config-yaml/src/markdown), https://ampcode.com/manual, https://antigravity.google/docs/rules-workflows,
https://docs.augmentcode.com/cli/rules. OpenCode and Kilo, which list files in a configuration, stand in `listed`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Key, Repair, Repository, file_check, place_of, repository_check
from driven.plugin_kit import FormatError, Glob, is_universal, one_line, quoted, split_list
from driven_checks.cursor_globs import LONG, feed, items, written

VERIFIED = "2026-11-21"
KIRO = "https://kiro.dev/docs/steering/"
CONTINUE = "https://github.com/continuedev/continue/blob/main/packages/config-yaml/src/markdown/markdownToRule.ts"
_INCLUSIONS = {"always": "always", "filematch": "fileMatch", "manual": "manual", "auto": "auto"}
_FOREIGN_GLOBS = ("globs", "paths", "applyTo", "glob", "path")
_BREAK = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
MENTIONS = 200  # of one AGENTS.md that are looked up


@file_check(
    "KIR01", "an `inclusion` of Kiro that is incomplete or unknown", "kiro/rule",
    why="Kiro attaches a `fileMatch` file by its `fileMatchPattern` and chooses an `auto` file by its `name` and"
    " `description`. Without them, or with a mode that it does not know, the file does not load as it was meant to.",
    url=KIRO, verified=VERIFIED, bad="inclusion: fileMatch", good='inclusion: fileMatch\nfileMatchPattern: "src/**"',
    fix="safe",
)  # fmt: skip
def kiro_inclusion(document: Document) -> Iterator[Finding]:
    key = document.key("inclusion")
    if key is None or key.value is None or not document.path.endswith(".md"):
        return
    text, end = written(key)
    mode = one_line(text.strip("\"'"))
    if not mode or "{{" in mode or "<" in mode:
        return
    if mode not in _INCLUSIONS.values():
        meant = _INCLUSIONS.get(mode.lower().replace("_", "").replace("-", ""), "")
        edit = Edit(start=key.value_start, end=end, text=meant)
        yield Finding(
            message=f"Kiro knows no inclusion mode `{mode[:40]}`; the file may never be loaded, or always",
            start=key.value_start, end=end,
            hint=f"write `{meant}`" if meant else "write `always`, `fileMatch`, `manual` or `auto`",
            repair=Repair(title=f"Write {meant}", edits=(edit,), safe=True) if meant else None,
        )  # fmt: skip
    elif mode == "fileMatch" and _is_empty(document.key("fileMatchPattern")):
        other = next((name for name in _FOREIGN_GLOBS if not _is_empty(document.key(name))), "")
        yield Finding(
            message="`inclusion: fileMatch` without a `fileMatchPattern`: no file matches, and the rule never loads",
            start=key.value_start, end=end,
            hint=f"call the key `{other}` `fileMatchPattern`" if other else 'write `fileMatchPattern: "src/**"`',
        )  # fmt: skip
    elif mode == "auto":
        missing = [name for name in ("name", "description") if _is_empty(document.key(name))]
        if missing:
            shown = " and ".join(f"`{name}`" for name in missing)
            yield Finding(
                message=f"`inclusion: auto` without {shown}: the model has nothing to choose the file by",
                start=key.value_start, end=end, hint=f"add {shown}",
            )  # fmt: skip


@file_check(
    "KIR02", "globs under a key that Kiro does not read", "kiro/rule",
    why="Kiro reads patterns from `fileMatchPattern`, and only with `inclusion: fileMatch`. Under another editor's key"
    " they are ignored, and a file without `inclusion` is part of every conversation.",
    url=KIRO, verified=VERIFIED, bad='globs: "src/**"', good='inclusion: fileMatch\nfileMatchPattern: "src/**"',
    fix="unsafe",
)  # fmt: skip
def kiro_globs(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or not front.keys or not document.path.endswith(".md"):
        return
    key = next((found for name in _FOREIGN_GLOBS if (found := front.get(name)) and not _is_empty(found)), None)
    inclusion = front.get("inclusion")
    if key is None or (inclusion is not None and inclusion.value not in (None, "always")):
        return
    text, end = written(key)
    patterns = items(text) if len(text) <= LONG else []
    if any(pattern == "*" or is_universal(pattern) for pattern in patterns):
        return  # always, as it is
    repair = None
    if patterns and inclusion is None and "\\" not in text and document.text[key.start : key.end] == key.name:
        listed = ", ".join(quoted(pattern) for pattern in patterns)
        value = listed if len(patterns) == 1 else f"[{listed}]"
        lines = f"inclusion: fileMatch{feed(document.text)}fileMatchPattern: {value}"
        edit = Edit(start=key.start, end=end, text=lines)
        repair = Repair(title="Write inclusion and fileMatchPattern", edits=(edit,))
    yield Finding(
        message=f"Kiro ignores `{key.name}`; the file is part of every conversation", start=key.start, end=key.end,
        hint="write `inclusion: fileMatch` and `fileMatchPattern`", repair=repair,
    )  # fmt: skip


@file_check(
    "CON01", "several globs in one text", "continue/rule",
    why="Continue takes a text under `globs` as one pattern and does not split it. No path has a comma in it, so the"
    " rule is never attached.",
    url=CONTINUE, verified=VERIFIED, bad='globs: "**/*.ts, **/*.tsx"', good='globs: ["**/*.ts", "**/*.tsx"]',
    fix="safe",
)  # fmt: skip
def continue_globs(document: Document) -> Iterator[Finding]:
    key = document.key("globs")
    if key is None or "," not in key.raw:
        return
    text, end = written(key)
    value = key.value
    if isinstance(value, list):
        wrong = next((one for one in value if isinstance(one, str) and len(split_list(one[:LONG])) > 1), "")
    elif isinstance(value, str) and text[:1] != "[":
        wrong = value if len(split_list(value[:LONG])) > 1 else ""
    else:
        wrong = ""
    if not wrong:
        return
    patterns = items(text) if len(text) <= LONG else []
    repair = None
    start = document.text.find(":", key.end) + 1
    if patterns and "\\" not in text and not ("\n" in text and "#" in text) and 0 < start <= key.value_start:
        listed = ", ".join(quoted(pattern) for pattern in patterns)
        edit = Edit(start=start, end=end, text=f" [{listed}]")
        repair = Repair(title="Make it a list", edits=(edit,), safe=True)
    yield Finding(
        message=f"Continue takes `{one_line(wrong[:60])}` for one pattern, with its comma; it never matches",
        start=key.value_start, end=end, hint="write a list: one pattern for each item", repair=repair,
    )  # fmt: skip


@file_check(
    "CON02", "lines of `---` that Continue takes for front matter", "continue/rule",
    why="Continue looks for front matter by splitting the file at lines of `---`, wherever they stand. In a file"
    " without front matter it takes what stands between the first two for metadata; that text and all"
    " above it are lost.",
    url=CONTINUE, verified=VERIFIED, bad="Use tabs.\n\n---\n\nName tests.\n\n---",
    good="Use tabs.\n\n***\n\nName tests.\n\n***", fix="safe",
)  # fmt: skip
def continue_breaks(document: Document) -> Iterator[Finding]:
    text = document.text
    if "---" not in text or not document.path.endswith(".md") or document.front is not None:
        return
    lines = []
    for match in _BREAK.finditer(text):
        lines.append(match)
        if len(lines) > 1_000:
            return
    if len(lines) < 2 or not _parses(text[lines[0].end() : lines[1].start()], document.path):
        return
    fences = [(fence.start + document.body_start, fence.end + document.body_start) for fence in document.body.fences]
    edits = []
    for match in lines:
        at = match.start()
        above = text[: at - 1].rpartition("\n")[2] if at else ""
        if not above.strip() and not any(start <= at < end for start, end in fences):
            edits.append(Edit(start=at, end=at + 3, text="***"))
    above = "it and all above it are" if text[: lines[0].start()].strip() else "it is"
    repair = None
    if len(lines) - len(edits) < 2:
        repair = Repair(title="Write *** for a line", edits=tuple(edits), safe=True)
    yield Finding(
        message=f"Continue takes the text below this `---` for metadata: {above} lost", start=lines[0].start(),
        end=lines[0].start() + 3, hint="write `***` for a line across the page, or begin the file with front matter",
        repair=repair,
    )  # fmt: skip


@repository_check(
    "AMP01", "`globs` of a mentioned file that are no list", "agents/memory",
    why="Amp loads a file that `AGENTS.md` mentions with `@` only when a file matches its `globs`, and wants a list"
    " there. With a text the limit does not hold.",
    url="https://ampcode.com/manual#granular-guidance", verified=VERIFIED,
    bad='globs: "**/*.ts"', good='globs: ["**/*.ts"]',
)  # fmt: skip
def amp_globs(repository: Repository) -> Iterator[Finding]:
    seen: set[str] = set()
    for memory in repository.of("agents/memory"):
        if "@" not in memory.text or memory.name not in ("AGENTS.md", "AGENT.md"):
            continue
        for path in _mentioned(repository, memory):
            # What an editor reads as a rule of its own has that editor's form of globs.
            if path in seen or place_of(path) or path.rpartition(".")[2].lower() not in ("md", "mdc", "markdown"):
                continue
            seen.add(path)
            text = repository.read(path)
            if text is None or text[:4] not in ("---\n", "---\r"):
                continue
            key = Document(path, text.encode("utf-8", "surrogatepass"), place="").key("globs")
            if key is not None and isinstance(key.value, str) and key.value.strip() and key.raw[:1] != "[":
                yield Finding(
                    path=path, severity=None if repository.of("amp/settings") else "warning",
                    message=f"Amp wants a list under `globs` of a file that `{memory.path}` mentions; this is a text",
                    hint=f"write `globs: [{', '.join(quoted(item) for item in items(key.raw)[:5])}]`",
                )  # fmt: skip


@repository_check(
    "ANT01", "rules in the old folder `.agent/rules`", "antigravity/old", severity="info",
    why="Antigravity moved its rules to `.agents/rules`. It still reads the old folder, but only where there is no new"
    " one beside it.",
    url="https://discuss.ai.google.dev/t/new-folder-for-rules/126165", verified=VERIFIED,
    bad=".agent/rules/style.md", good=".agents/rules/style.md", fix="unsafe",
)  # fmt: skip
def antigravity_folder(repository: Repository) -> Iterator[Finding]:
    new = {document.scope for document in repository.of("antigravity/rule")}
    for document in repository.of("antigravity/old"):
        scope = document.scope
        wanted = document.path.replace(".agent/rules/", ".agents/rules/", 1)
        if not document.path.endswith(".md") or wanted == document.path:
            continue
        hidden = scope in new
        yield Finding(
            path=document.path,
            message="Antigravity reads `.agents/rules` first; with both folders there, this file is not loaded"
            if hidden else "`.agent/rules` is the old folder of Antigravity's rules; the new one is `.agents/rules`",
            hint=f"move it to `{wanted}`", severity="warning" if hidden else None,
            repair=Repair(title=f"Move it to {wanted}", rename=wanted),
        )  # fmt: skip


@file_check(
    "AUG01", "`type: agent_requested` without a description", "augment/rule",
    why="Of an `agent_requested` rule the agent sees the description alone, and asks for the rule by it. Without one"
    " the rule is never selected.",
    url="https://docs.augmentcode.com/cli/rules", verified=VERIFIED,
    bad="type: agent_requested", good="type: agent_requested\ndescription: How errors are handled",
)  # fmt: skip
def augment_description(document: Document) -> Iterator[Finding]:
    key = document.key("type")
    if key is not None and key.value == "agent_requested" and _is_empty(document.key("description")):
        yield Finding(
            message="`type: agent_requested` without a `description`: the agent never selects the rule",
            start=key.value_start, end=written(key)[1],
            hint="write a `description` that says when the rule is of use, or `type: always_apply`",
        )  # fmt: skip


def _is_empty(key: Key | None) -> bool:
    return key is None or not key.raw.strip("\"' \t\r\n[]")


def _parses(section: str, path: str) -> bool:
    """Whether a section is YAML of any kind: only then does Continue take it for metadata. Prose is, mostly."""
    from driven.plugin_kit import load_yaml

    lines = "\n".join(f"  {line}" for line in section.replace("\r\n", "\n").split("\n"))
    return not load_yaml(f"it:\n{lines}\n", path=path).diagnostics


def _mentioned(repository: Repository, memory: Document) -> Iterator[str]:
    """The paths of the files that a file mentions with `@`, relative to its folder."""
    body = memory.body
    for start, end in body.imports[:MENTIONS]:
        target = body.text[start + 1 : end].rstrip(".,;:!?)'\"").removeprefix("./")
        if "." not in target or target[:1] in ("/", "~") or ".." in target.split("/"):
            continue
        path = f"{memory.folder}/{target}" if memory.folder else target
        if "*" not in target:
            yield path
            continue
        try:
            glob = Glob(path)
        except FormatError:
            continue
        yield from [file for file in repository.files if glob.match(file)][:MENTIONS]
