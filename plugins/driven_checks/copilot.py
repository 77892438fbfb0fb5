"""Copilot's instructions files: which files it reads, how each surface matches `applyTo`, how far it reads.

Vendor facts, verified 2026-11-21: docs.github.com (repository instructions, the limit of code review), VS Code's docs
and its own validator (`promptSyntax/languageProviders/promptValidator.ts`). Its other files: `copilot_files.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from driven.check_kit import Document, Edit, Finding, Key, Repair, file_check
from driven.plugin_kit import one_line, quoted
from driven_checks.globs import Pattern, patterns
from driven_checks.keys import is_empty, is_shifted, items, removal, stands_alone, value_bounds, word

GITHUB = "https://docs.github.com/en/copilot/how-tos/configure-custom-instructions/add-repository-instructions"
LIMIT = "https://docs.github.com/en/copilot/concepts/prompting/response-customization"
VSCODE = "https://code.visualstudio.com/docs/copilot/customization/custom-instructions"
VERIFIED = "2026-11-21"

SUFFIX = ".instructions.md"
MAIN = ".github/copilot-instructions.md"
REVIEWED = 4_000  # characters of a file that code review reads
AGENTS = ("code-review", "cloud-agent")
FOREIGN = ("globs", "paths", "alwaysApply")


def is_instructions(document: Document) -> bool:
    """Whether Copilot reads the file as instructions. What lies in `.apm` is compiled to such files, lists and all."""
    return document.name.endswith(SUFFIX) and ".apm/" not in document.path


@file_check(
    "COP01", "`applyTo` that is a list", "copilot/instructions",
    why="VS Code takes `applyTo` only as one text with commas. A list is dropped, and the file is never applied by"
    " itself; only the CLI reads both forms.",
    url="https://github.com/matlab/rules/issues/5", verified=VERIFIED,
    bad='applyTo: ["**/*.ts", "**/*.tsx"]', good='applyTo: "**/*.ts,**/*.tsx"', fix="safe",
)  # fmt: skip
def apply_to_list(document: Document) -> Iterator[Finding]:
    key = document.key("applyTo")
    if key is None or not is_list(document, key) or not is_instructions(document):
        return
    found = patterns(document)
    joined = _joined(found)
    if not found:
        hint = 'write the globs as one text: `applyTo: "**/*.ts,**/*.tsx"`'
    else:
        hint = f"write `applyTo: {joined}`" if joined and len(joined) < 80 else "join the globs with commas, in quotes"
    repair = None
    if joined and "#" not in key.raw:
        colon = document.text.find(":", key.end, key.value_start)
        edit = Edit(start=colon + 1, end=key.value_end, text=f" {joined}")
        repair = Repair(title="Join the globs to one text", edits=(edit,), safe=True) if colon > 0 else None
    yield Finding(
        message="VS Code accepts `applyTo` only as one text; with a list the file is never applied automatically",
        start=key.value_start, end=value_bounds(key)[1], hint=hint, repair=repair,
    )  # fmt: skip


@file_check(
    "COP03", "instructions without `applyTo`", "copilot/instructions", severity="warning",
    why="Copilot applies a file of instructions by itself only where `applyTo` matches. VS Code offers one with a"
    " `description` to the model; every other surface leaves it alone.",
    url=VSCODE, verified=VERIFIED, bad="---\nname: Python\n---", good='---\nname: Python\napplyTo: "**/*.py"\n---',
)  # fmt: skip
def apply_to_missing(document: Document) -> Iterator[Finding]:
    key = document.key("applyTo")
    if (key is not None and not is_empty(key)) or not is_instructions(document) or not document.text.strip():
        return
    front = document.front
    hint = 'write `applyTo: "**"` for always, or globs: `applyTo: "**/*.py"`'
    start = end = 0
    if key is not None:
        if isinstance(key.value, list):
            return  # COP01
        start, end = key.start, key.end
        message = "`applyTo` is empty: the file is not applied automatically"
    elif front is not None and front.end < 0 and "\napplyTo:" in document.text[:4_096]:
        message = "the front matter is never closed: `applyTo` is not read, and the file is not applied automatically"
        hint = "put a line `---` below the keys"
    elif front is not None and any(name in FOREIGN for name in map(_name, front.keys)):
        return  # COP04
    elif is_shifted(document):
        return
    else:
        message = "without `applyTo` the file is not applied automatically"
    described = document.key("description")
    if described is not None and not is_empty(described):
        yield Finding(
            message=f"{message}; only VS Code may still pick it by its description", start=start, end=end, hint=hint,
            severity="info",
        )  # fmt: skip
    else:
        yield Finding(message=message, start=start, end=end, hint=hint)


@file_check(
    "COP04", "another editor's key in instructions", "copilot/instructions",
    why="`globs`, `paths` and `alwaysApply` belong to Cursor and Claude Code. Copilot knows `applyTo` alone: without it"
    " the file is never applied by itself, and VS Code warns of each other key.",
    url="https://github.com/specstoryai/getspecstory/issues/175", verified=VERIFIED,
    bad="globs: src/**/*.ts", good='applyTo: "src/**/*.ts"', fix="unsafe",
)  # fmt: skip
def foreign_keys(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or not is_instructions(document):
        return
    wrong = [key for key in front.keys if key.name in FOREIGN]
    if not wrong:
        return
    stated = front.get("applyTo")
    if stated is not None and not is_empty(stated):
        for key in wrong:
            yield Finding(
                message=f"`{key.name}` is not supported in instructions files and has no effect beside `applyTo`",
                start=key.start, end=key.end, hint=f"delete `{key.name}`", severity="warning",
                repair=_taken_out(document, key, safe=False),
            )  # fmt: skip
        return
    bearer = _bearer(document, wrong) if stated is None else None
    for key in wrong:
        value = _apply_to(document, key)
        repair = None
        if key is bearer and stands_alone(document, key):
            edits = (Edit(start=key.start, end=value_bounds(key)[1], text=f"applyTo: {value}"),)
            repair = Repair(title="Write it as `applyTo`", edits=edits, safe=True)
        elif key is not bearer and (not value or (bearer is not None and bearer.name == "alwaysApply")):
            repair = _taken_out(document, key, safe=bearer is not None and not value)
        shown = value if 0 < len(value) < 80 else '"**/*.py"'
        hint = f"write `applyTo: {shown}`" if value else f"delete `{key.name}`"
        yield Finding(
            message=f"`{key.name}` is not supported in instructions files; without `applyTo` nothing applies the file",
            start=key.start, end=key.end, repair=repair,
            hint=hint if value or bearer is not None else f'{hint}, and write `applyTo: "**/*.py"`',
        )  # fmt: skip


@file_check(
    "COP05", "a value that begins with `*` without quotes", "copilot/instructions",
    why="In YAML a bare `*` begins an alias, so the front matter cannot be parsed. github.com shows an error, and the"
    " CLI before 1.0.48 ignored the globs.",
    url="https://github.com/project-codeguard/rules/pull/49", verified=VERIFIED,
    bad="applyTo: **/*.py", good='applyTo: "**/*.py"', fix="safe",
)  # fmt: skip
def bare_star(document: Document) -> Iterator[Finding]:
    front = document.front
    if front is None or not front.problem:
        return
    for key in front.keys:
        if key.raw[:1] != "*" or not is_instructions(document):
            continue
        start, end = value_bounds(key)
        text = document.text[start:end]
        repair = None
        if "\n" not in text:
            repair = Repair(
                title="Write it in quotes", edits=(Edit(start=start, end=end, text=quoted(text)),), safe=True
            )  # fmt: skip
        shown = quoted(text) if repair and len(text) < 80 else '"**/*.py"'
        yield Finding(
            message=f"the value of `{key.name}` begins with `*` without quotes: that is no YAML, and github.com and"
            " older Copilot CLI drop the keys",
            start=start, end=end, hint=f"write `{key.name}: {shown}`", repair=repair,
        )  # fmt: skip


@file_check(
    "COP06", "`excludeAgent` with the old name of the agent", "copilot/instructions",
    why="Copilot's coding agent was renamed to cloud agent in 2026, in `excludeAgent` too. With the old name the file"
    " may reach the agent that it should not.",
    url=GITHUB, verified=VERIFIED, bad='excludeAgent: "coding-agent"', good='excludeAgent: "cloud-agent"', fix="safe",
)  # fmt: skip
def old_agent(document: Document) -> Iterator[Finding]:
    key = document.key("excludeAgent")
    if key is None or "coding-agent" not in key.raw or not is_instructions(document):
        return
    found = items(document, key)
    both = any(text == "cloud-agent" for text, _, _ in found)
    for text, start, end in found:
        if text != "coding-agent":
            continue
        repair = None
        if not both and document.text[start:end] == text:
            edit = Edit(start=start, end=end, text="cloud-agent")
            repair = Repair(title="Write `cloud-agent`", edits=(edit,), safe=True)
        yield Finding(
            message="`coding-agent` was renamed: `excludeAgent` calls it `cloud-agent`", start=start, end=end,
            hint="delete it: `cloud-agent` is there" if both else "write `cloud-agent`", repair=repair,
        )  # fmt: skip


@file_check(
    "COP07", "`excludeAgent` that names no agent", "copilot/instructions",
    why="`excludeAgent` takes `code-review` or `cloud-agent`. Anything else excludes nobody, and the agent that should"
    " not read the file reads it.",
    url=GITHUB, verified=VERIFIED, bad='excludeAgent: "review"', good='excludeAgent: "code-review"', fix="both",
)  # fmt: skip
def unknown_agent(document: Document) -> Iterator[Finding]:
    key = document.key("excludeAgent")
    if key is None or not is_instructions(document):
        return
    for text, start, end in items(document, key):
        if text in AGENTS or text == "coding-agent" or "{{" in text or not text.strip():
            continue
        parts = [part.strip() for part in text.split(",")]
        if len(parts) > 1 and all(part in AGENTS for part in parts):
            yield Finding(
                message="`excludeAgent` names one agent as a text; whether commas separate two is not documented",
                start=start, end=end, hint="write a list: `[code-review, cloud-agent]`", severity="warning",
            )  # fmt: skip
            continue
        meant = text.lower().replace("_", "-").replace(" ", "-")
        repair = None
        if meant in AGENTS and document.text[start:end] == text:
            repair = Repair(
                title=f"Write `{meant}`", edits=(Edit(start=start, end=end, text=meant),), safe=True
            )  # fmt: skip
        elif not isinstance(key.value, list):
            repair = _taken_out(document, key, safe=False)
        hint = f"write `{meant}`" if meant in AGENTS else "write one of the two, or delete the key"
        yield Finding(
            message=f"`excludeAgent` must be `code-review` or `cloud-agent`; `{one_line(text[:40])}` excludes nobody",
            start=start, end=end, hint=hint, repair=repair,
        )  # fmt: skip


@file_check(
    "COP08", "more text than code review reads", "copilot/root", "copilot/instructions", severity="warning",
    why="Copilot code review reads the first 4,000 characters of each file of instructions and nothing behind them."
    " Chat and the cloud agent read all of it, so the loss is easily missed.",
    url=LIMIT, verified=VERIFIED, bad="a copilot-instructions.md of 9,000 characters",
    good="the rules for review in the first 4,000 characters, the rest below or in other files",
)  # fmt: skip
def review_limit(document: Document) -> Iterator[Finding]:
    text = document.text
    if len(text) <= REVIEWED or document.scope or document.path[:8] != ".github/":
        return  # code review reads the repository's own `.github` alone
    if document.place == "copilot/instructions":
        excluded = document.key("excludeAgent")
        if not is_instructions(document) or (excluded is not None and "code-review" in excluded.raw):
            return
    start = REVIEWED + (text[0] == "\ufeff")
    rest = text[start:].strip()
    if rest:
        yield Finding(
            message=f"Copilot code review reads only the first {REVIEWED:,} characters of a file; the last"
            f" {len(text) - start:,} are not seen", start=start, end=start + len(text[start:].rstrip()),
            hint="move what matters for reviews to the top, or split the file",
        )  # fmt: skip


def _name(key: Key) -> str:
    return key.name


def is_list(document: Document, key: Key) -> bool:
    """Whether `applyTo` is a list, also where the front matter is no YAML."""
    if isinstance(key.value, list):
        return True
    front = document.front
    if front is None or not front.problem:
        return False
    raw = key.raw
    return raw[:2] in ("- ", "-\t") or (raw[:1] == "[" and raw[-1:] == "]" and ("," in raw or raw[1:2] in "\"'*"))


def _joined(found: list[Pattern]) -> str:
    """The patterns as one quoted text, "" where a comma in one would then divide it."""
    texts = [pattern.text for pattern in found]
    if not texts or any("," in text and "{" not in text for text in texts) or any("\n" in text for text in texts):
        return ""
    return quoted(",".join(texts))


def _apply_to(document: Document, key: Key) -> str:
    """What `applyTo` would say for another editor's key, "" for nothing."""
    if key.name == "alwaysApply":
        return '"**"' if word(document, key) == "true" else ""
    if isinstance(key.value, list):
        texts = [item.strip() for item in key.value if isinstance(item, str)]
        if len(texts) != len(key.value) or any("," in text and "{" not in text for text in texts):
            return ""
        return quoted(",".join(texts)) if texts else ""
    text = word(document, key)
    return "" if not text or "\n" in text or text[:1] in ("[", "-", "|", ">") else quoted(text)


def _bearer(document: Document, wrong: list[Key]) -> Key | None:
    """Which of the keys says when the file applies: `alwaysApply: true` as in Cursor, else globs."""
    told = [key for key in wrong if _apply_to(document, key)]
    always = [key for key in told if key.name == "alwaysApply"]
    return next(iter(always or told), None)


def _taken_out(document: Document, key: Key, *, safe: bool) -> Repair | None:
    if not stands_alone(document, key):
        return None
    return Repair(title=f"Delete `{key.name}`", edits=(removal(document, key),), safe=safe)
