"""Reading Claude Code's files as people write them: CLAUDE.md, .claude/rules, skills, and what CLAUDE.md takes in.

Diagnostics carry the numbers of the table of Claude Code's mistakes: CLA01-CLA13, SKL01-SKL03 and GEN01-GEN09; CLA16 is
an import from outside of the project, CLA17 a personal file.
"""

from __future__ import annotations

from collections.abc import Sequence

from driven.hookspecs import Imported, SourceFile
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, Always, ForPaths
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Construct, Outcome
from driven.model.rule import Value
from driven.plugin_kit import FormatError, count, is_universal, one_line, split_list
from driven_emitters import skill_read
from driven_emitters.claude_imports import Import, Taken, imports_of, take_in
from driven_emitters.document_read import TEXTS, document, joined, outer, taken_in
from driven_emitters.layout import Read
from driven_emitters.reading import (
    Canonical,
    below,
    canonical_globs,
    fields,
    finding,
    keep,
    lines_of,
    rules_of,
    split,
)

MAIN = "CLAUDE.md"
LOCAL = "CLAUDE.local.md"
BUDGET = 1_000  # patterns that the braces of one rule may stand for
ADVISED = 200  # lines
INFO = frozenset(("CLA13", "CLA16", "CLA17", "SKL03"))
_FOREIGN = ("globs", "glob", "applyTo", "alwaysApply", "trigger")


def is_document(path: str) -> bool:
    """Whether it is a CLAUDE.md, which Claude Code reads by itself."""
    folder, _, last = path.rpartition("/")
    return last == MAIN and ("/.claude" not in f"/{folder}" or f"/{folder}".endswith("/.claude"))


def is_skill(path: str) -> bool:
    """Whether it is a skill's."""
    return path.startswith(".claude/skills/") and path.endswith("/SKILL.md")


def is_rule(path: str) -> bool:
    """Whether it stands in a `.claude/rules`."""
    return "/.claude/rules/" in f"/{path}" and path.endswith(".md")


def folder_of(path: str) -> str:
    """The directory that the file is for, `""` for the project."""
    return f"/{path}".rpartition("/.claude/")[0].strip("/") if "/.claude/" in f"/{path}" else path.rpartition("/")[0]


def name(path: str) -> str:
    """What the path proposes as the rule's id."""
    if is_skill(path):
        return skill_read.name(path)
    stem = path.removesuffix(".md")
    folder = folder_of(path)
    if not is_rule(path):  # of `.claude/CLAUDE.md` the directory that it is for
        return f"{folder}/CLAUDE".lstrip("/") if is_document(path) else stem
    own = f"/{stem}".partition("/.claude/rules/")[2]
    return f"{folder}/{own}" if folder else own


def read(text: str, path: str) -> Read:
    """One file of any of the kinds. Never fails."""
    if is_skill(path):
        return skill_read.read(text, path)
    if is_document(path):
        found = document(text, path, below(folder_of(path), ALWAYS))
        lines = found.body.count("\n") + 1
        if lines > ADVISED:
            message = f"the file has {lines:,} lines; under {ADVISED} are advised"
            found.find("CLA13", 1, message, "move what is for some paths into .claude/rules")
        return found
    return _rule(text, path)


def read_files(files: Sequence[SourceFile], canonical: Canonical) -> Imported:
    """The rules in `files`: one per file, and one per file that CLAUDE.md takes in."""
    diagnostics: list[Diagnostic] = []
    mine: dict[str, SourceFile] = {}
    others: dict[str, SourceFile] = {}
    for file in files:
        if file.path.rpartition("/")[2] == LOCAL:
            message = "a personal file: it is not imported, and Claude Code goes on reading it"
            diagnostics.append(finding("CLA17", "info", file.path, message, "share what is for all in CLAUDE.md"))
        elif is_document(file.path) or is_rule(file.path) or is_skill(file.path):
            mine[file.path] = file
        elif "/.claude/rules/" in f"/{file.path}":
            message = "not a `.md` file: Claude Code ignores it here"
            diagnostics.append(finding("CLA06", "warning", file.path, message, "rename it to end in `.md`"))
        else:
            others[file.path] = file
    documents = outer([file for path, file in mine.items() if is_document(path)], diagnostics)
    rest = [file for path, file in mine.items() if not is_document(path)]
    stand = {file.path for file in documents}

    def named(path: str) -> str:
        beside = f"{folder_of(path)}/{MAIN}".lstrip("/")  # both are read: no name that anybody can change
        return name(path) + "-2" if is_document(path) and path != beside and beside in stand else name(path)

    imported = rules_of([*documents, *rest], "claude", read, named, canonical)
    taken = take_in({path: _text(file) for path, file in sorted({**mine, **others}.items())}, _begins)
    for path, code, line, message, hint in taken.findings:
        diagnostics.append(finding(code, "warning", path, message, hint, line=line))
    held = {path: rule.activation for rule in imported.rules for path in [imported.files[rule.id]]}
    docs: list[tuple[SourceFile, Activation, str]] = []
    for path in sorted(taken.by):
        if path in others and _is_text(path) and path.rpartition("/")[2] != "AGENTS.md":
            docs.append((others[path], _joint([held.get(top, ALWAYS) for top in taken.by[path]]), taken.by[path][0]))
    imported = taken_in(imported, "claude", docs, "Claude Code goes on reading it there")
    fidelity = (*imported.fidelity, *_imports(taken, imported))
    imported = Imported(
        rules=imported.rules, diagnostics=imported.diagnostics, files=imported.files, fidelity=fidelity
    )  # fmt: skip
    return joined(imported, diagnostics, INFO)


def follows(file: SourceFile) -> Sequence[str]:
    """The files in the project that it takes in."""
    if is_skill(file.path) or file.path.rpartition("/")[2] == LOCAL or not _is_text(file.path):
        return ()
    return tuple(dict.fromkeys([item.path for item in imports_of(_text(file), file.path) if item.path]))


def _begins(path: str) -> bool:
    return is_document(path) or is_rule(path)


def _is_text(path: str) -> bool:
    last = path.rpartition("/")[2]
    return last.endswith(TEXTS) or "." not in last


def _text(file: SourceFile) -> str:
    """What can be searched for imports; nothing of a file that is no text, which is told elsewhere."""
    from driven.plugin_kit import MAX_RULE_BYTES

    if len(file.data) > MAX_RULE_BYTES or b"\0" in file.data or not (_is_text(file.path) or b"@" not in file.data):
        return ""
    return file.data.decode("utf-8", "replace")


def _joint(activations: Sequence[Activation]) -> Activation:
    """When a file holds that several others take in."""
    globs: list[str] = []
    for activation in activations:
        if not isinstance(activation, ForPaths):
            return ALWAYS
        globs += activation.globs
    return ForPaths(tuple(dict.fromkeys(globs)))


def _imports(taken: Taken, imported: Imported) -> list[Construct]:
    """What became of each `@path`."""
    ids = {path: rule_id for rule_id, path in imported.files.items()}
    found: list[Construct] = []
    for path, items in taken.imports.items():
        for item in items:
            outcome, note = _fate(item, path, taken, ids)
            if note:
                found.append(
                    Construct(
                        path=path, rule_id=ids.get(path, ""), editor="claude", name="`@import`", outcome=outcome,
                        note=note, line=item.line,
                    )
                )  # fmt: skip
    return found


def _fate(item: Import, path: str, taken: Taken, ids: dict[str, str]) -> tuple[Outcome, str]:
    shown = f"`@{one_line(item.target)[:80]}`"
    if not item.path:
        return "dropped", f"{shown} is outside of the project; the file keeps it"
    if item.path.rpartition("/")[2] == "AGENTS.md":
        return "mapped", f"{shown} is read as AGENTS.md"
    if item.path in taken.by and item.path in ids:
        return "approximated", f"{shown} is the rule `{ids[item.path]}` for other editors; Claude Code reads it itself"
    if item.path in taken.by:
        return "dropped", f"{shown} is no Markdown or text: other editors do not get it; the file keeps it"
    if item.path in ids:
        return "mapped", f"{shown} is the rule `{ids[item.path]}`"
    return "dropped", ""  # names no file, or one too far away: a finding tells


def _rule(text: str, path: str) -> Read:
    found, yaml = split(text)
    found.activation = ALWAYS
    globs: tuple[str, ...] = ()
    if found.broken:
        found.find("CLA03", 1, f"{found.broken}: the rule is always on", found.broken_hint)
    keys = fields(lines_of(yaml or ""), path)
    if keys.trouble:
        message = f"{keys.trouble}: Claude Code ignores the front matter, and the rule is always on"
        found.find("CLA03", keys.line, message, "put each pattern in double quotes")
        found.breaks(keys.trouble, keys.line, "put each pattern in double quotes")
        found.tell("front matter", "dropped", "it does not parse; the file keeps it", keys.line)
        keys.items = []
    named = any(key == "paths" for key, _, _ in keys.items)
    for key, value, line in keys.items:
        if key == "paths":
            patterns = _patterns(value)
            globs = _globs(found, patterns, line)
            found.tell("`paths`", "mapped", "", line)
            if globs and not any(is_universal(glob) for glob in globs):
                found.activation = ForPaths(globs)
            elif globs:
                found.find("GEN06", line, "the globs match every file: the rule is always on", "delete `paths`")
            elif patterns:
                found.activation = ON_REQUEST  # it matches nothing
        elif key == "description" and (value is None or isinstance(value, str)):
            found.description = one_line(value or "")
            found.tell("`description`", "mapped", "Claude Code has none for rules", line)
        else:
            if key == "path":
                found.find("CLA02", line, "`path` is no key of Claude Code's: the rule is always on", "write `paths`")
            elif key in _FOREIGN and not named:
                message = f"`{key}` is no key of Claude Code's, which reads only `paths`: the rule is always on"
                found.find("CLA01", line, message, "write `paths`, a list of patterns in double quotes")
            keep(found, key, value, line)
    if isinstance(found.activation, Always | ForPaths):
        found.activation = below(folder_of(path), found.activation)
    return found


def _patterns(value: Value) -> list[str]:
    """`paths` is a list, or one text with commas."""
    if isinstance(value, str):
        value = list(split_list(value))
    texts = [item.strip() for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return [text.replace("\\[", "[[]").replace("\\]", "]") for text in texts if text]  # a folder `[id]`


def _globs(found: Read, patterns: list[str], line: int) -> tuple[str, ...]:
    """The canonical patterns; what of them Claude Code cannot read is told."""
    before = len(found.findings)
    globs = canonical_globs(found, patterns, line)
    for at, (code, where, message, _) in enumerate(found.findings[before:], before):
        if code == "GEN04" and "left out" in message and "[" in message.partition("` is left out")[0]:
            found.findings[at] = ("CLA04", where, f"{message}: it matches nothing", "escape the bracket: `\\[`")
    for pattern in patterns:
        try:
            many = count(pattern) > BUDGET
        except FormatError:
            continue
        if many:
            shown = one_line(pattern)[:80]
            message = f"the braces of `{shown}` stand for more than {BUDGET:,} patterns: it matches nothing"
            found.find("CLA05", line, message, "write fewer alternatives")
    return globs
