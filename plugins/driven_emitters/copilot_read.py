"""Reading Copilot's instructions files as people write them, and the one file that is always on.

Diagnostics carry the numbers of the table of Copilot's mistakes: COP01, COP03-COP09, and GEN01-GEN04.
"""

from __future__ import annotations

from collections.abc import Sequence

from driven.hookspecs import SourceFile
from driven.model.activation import ALWAYS, ForPaths, WhenRelevant
from driven.model.diagnostic import Diagnostic
from driven.model.rule import Value
from driven.plugin_kit import is_universal, one_line, split_list
from driven_emitters.reading import (
    Fields,
    Globs,
    Read,
    canonical_globs,
    fields,
    finding,
    glob_patterns,
    keep,
    lines_of,
    split,
    text_of,
)

MAIN = ".github/copilot-instructions.md"
FOLDER = ".github/instructions/"
SUFFIX = ".instructions.md"
REVIEWED = 4_000  # characters of a file that code review reads
_AGENTS = ("code-review", "cloud-agent")


def read(text: str, path: str) -> Read:
    """One file. Never fails."""
    found = _main(text, path) if path == MAIN else _instructions(text, path)
    if len(text) > REVIEWED:
        message = f"code review reads only the first {REVIEWED:,} characters of {len(text):,}"
        found.find("COP08", 1, message, "put first what matters most, or split it")
    return found


def name(path: str) -> str:
    """What the path proposes as the rule's id."""
    return "copilot-instructions" if path == MAIN else path.removeprefix(FOLDER).removesuffix(SUFFIX)


def outside_files(files: Sequence[SourceFile], diagnostics: list[Diagnostic]) -> list[SourceFile]:
    """The files, of the shared one what a person wrote: nothing where all of it is a section of ours, or blank."""
    from driven.errors import DrivenError
    from driven.plugin_kit import outside_text

    mine: list[SourceFile] = []
    for file in files:
        if file.path != MAIN:
            mine.append(file)
            continue
        text = text_of(file, diagnostics)
        if text is None:
            continue
        try:
            text = outside_text(text)
        except DrivenError as error:
            diagnostics.append(finding("IMP05", "error", MAIN, error.message, error.hint))
            continue
        if text.strip("\ufeff \t\r\n"):
            mine.append(SourceFile(path=MAIN, data=text.encode()))
    return mine


def _main(text: str, path: str) -> Read:
    """The file that every surface always reads. Front matter is not for it; VS Code's example has some."""
    found, yaml = split(text)
    others = fields(lines_of(yaml), path) if yaml is not None else None
    if others is None or others.trouble or not others.items:  # a line across the page, more likely than keys
        bom = "\ufeff" if text.startswith("\ufeff") else ""
        return Read(bom, text[len(bom) :], ALWAYS, findings=found.findings)
    found.activation = ALWAYS
    for key, value, line in others.items:
        if key == "applyTo":
            found.tell("`applyTo`", "dropped", "this file is always read", line)
        elif key == "description":
            found.description = _text(value)
            found.tell("`description`", "mapped", "", line)
        else:
            keep(found, key, value, line)
    return found


def _instructions(text: str, path: str) -> Read:
    """A file of .github/instructions. One that is never closed, or has no keys, is attached by hand."""
    found, yaml = split(text)
    globs: tuple[str, ...] = ()
    stated = Globs()
    if yaml is not None:
        lines = lines_of(yaml)
        others = fields(lines, path)
        stated = _stated(found, others)
        if others.trouble:
            stated = glob_patterns(lines, "applyTo")
            if any(pattern.startswith("*") for pattern in stated.patterns) and "quoted" not in stated.forms:
                message = "a pattern that begins with `*` is no YAML without quotes: older versions drop the file"
                found.find("COP05", stated.line, message, "write `applyTo` in double quotes")
            others = fields(lines, path)
            if others.trouble:
                found.breaks("the front matter is not YAML", others.line, others.trouble)
        if "unclosed" in stated.forms:
            found.breaks("the front matter has a quote that is never closed", stated.line, "close it")
        if "list" in stated.forms:
            message = "VS Code takes `applyTo` as one text; with a list the file is never applied by itself"
            found.find("COP01", stated.line, message, 'join the globs with `,`, in quotes: `applyTo: "a,b"`')
        for key, value, line in others.items:
            _key(found, key, value, line)
        globs = canonical_globs(found, stated.patterns, stated.line)
    if globs:
        always = any(glob == "*" or is_universal(glob) for glob in globs)
        found.activation = ALWAYS if always else ForPaths(globs)
        found.tell("`applyTo`", "mapped", "VS Code and github.com match differently", stated.line)
        floating = [glob for glob in globs if "**" not in glob.split("/")]
        if floating and not always:
            message = f"VS Code matches `{one_line(floating[0])[:80]}` at any depth, github.com only there"
            found.find("COP09", stated.line, message, "begin it with `**/`, or write the whole path")
        return found
    if found.description:
        found.activation = WhenRelevant(found.description)
    what = "; VS Code may pick it by its description" if found.description else ""
    message = f"without `applyTo` it is not applied by itself{what}"
    found.find("COP03", 1, message, 'write `applyTo: "**"` for always, or globs')
    return found


def _stated(found: Read, others: Fields) -> Globs:
    """The patterns in the value of `applyTo`, as YAML gives it."""
    for key, value, line in others.items:
        if key != "applyTo":
            continue
        match value:
            case str():
                return Globs(split_list(value), line)
            case list():
                texts = [item for item in value if isinstance(item, str)]
                return Globs([pattern for text in texts for pattern in split_list(text)], line, {"list"})
            case _:
                if value is not None:
                    found.tell("`applyTo`", "dropped", "no text", line)
                return Globs([], line)
    return Globs()


def _key(found: Read, key: str, value: Value, line: int) -> None:
    match key:
        case "applyTo":
            return
        case "description":
            found.description = _text(value)
            found.tell("`description`", "mapped", "", line)
            return
        case "excludeAgent":
            given = value if isinstance(value, list) else [value]
            if "coding-agent" in given:
                found.find("COP06", line, "`coding-agent` is called `cloud-agent` now", "write `cloud-agent`")
            if any(item not in (*_AGENTS, "coding-agent") for item in given):
                message = "`excludeAgent` is `code-review` or `cloud-agent`"
                found.find("COP07", line, message, "write one of the two")
        case "name":
            pass
        case _:
            hint = "write `applyTo`" if key in ("globs", "paths", "alwaysApply") else "delete it, or keep it"
            found.find("COP04", line, f"`{one_line(key)[:64]}` is not a key of instructions files", hint)
    keep(found, key, value, line)


def _text(value: Value) -> str:
    return one_line(value if isinstance(value, str) else "" if value is None else str(value))
