"""Reading Aider's conventions: CONVENTIONS.md, and the files that `read` in .aider.conf.yml names.

Diagnostics carry the numbers of the table of Aider's mistakes: AID01-AID06; AID08 is a file outside of the project or a
folder, AID09 a configuration that is no YAML.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from driven.frozen import field, record
from driven.hookspecs import Imported, SourceFile
from driven.model.activation import ALWAYS, Activation
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Construct, Outcome
from driven.plugin_kit import one_line
from driven_emitters.document_read import TEXTS, document, joined, outer, taken_in
from driven_emitters.layout import Read
from driven_emitters.reading import Canonical, finding, rules_of

MAIN = "CONVENTIONS.md"
CONFIG = ".aider.conf.yml"
MAX_BYTES = 1 << 18  # of a configuration, as for writing it
MAX_DEPTH = 64
MAX_ENTRIES = 500
MOST = 50  # findings
INFO = frozenset(("AID05", "AID08"))
# What people write for `read`; Aider ends with "unrecognized arguments" at such a key.
_MISSPELT = frozenset(
    (
        "reads",
        "Read",
        "READ",
        "read-only",
        "readonly",
        "read_only",
        "conventions",
        "convention",
        "rules",
        "instructions",
    )
)


_NULLS = ("null", "Null", "NULL", "~")


@record
class Config:
    """`read` of a configuration: (entry, line), and (code, line, message, hint) of what is wrong."""

    entries: list[tuple[str, int]] = field(default_factory=list)
    findings: list[tuple[str, int, str, str]] = field(default_factory=list)


def name(path: str) -> str:
    """What the path proposes as the rule's id."""
    return path.removesuffix(".md")


def read(text: str, path: str) -> Read:
    """CONVENTIONS.md. Never fails."""
    return document(text, path, ALWAYS)


def read_files(files: Sequence[SourceFile], canonical: Canonical) -> Imported:
    """The rules in `files`."""
    by_path = {file.path: file for file in files}
    diagnostics: list[Diagnostic] = []
    main = by_path.get(MAIN)
    imported = Imported()
    if main is not None:
        imported = rules_of(outer([main], diagnostics), "aider", read, name, canonical)
    config = _config(by_path[CONFIG].data) if CONFIG in by_path else Config()
    for code, line, message, hint in config.findings:
        diagnostics.append(finding(code, "warning", CONFIG, message, hint, line=line))
    named = {path_of(entry): line for entry, line in config.entries}
    if imported.rules and MAIN not in named:
        message = f"no `read` in {CONFIG} names it: Aider does not load it by itself"
        diagnostics.append(finding("AID06", "warning", MAIN, message, f"write `read: [{MAIN}]` there"))
    others: list[tuple[SourceFile, Activation, str]] = []
    for path in named:
        if path in by_path and path not in (MAIN, CONFIG) and path.rpartition("/")[2] != "AGENTS.md":
            others.append((by_path[path], ALWAYS, CONFIG))
    imported = taken_in(imported, "aider", others, "Aider goes on reading it there")
    ids = {path: rule_id for rule_id, path in imported.files.items()}
    fidelity: list[Construct] = [*imported.fidelity]
    for entry, line in config.entries:
        outcome, note = _fate(path_of(entry), ids, entry.endswith("/"))
        shown = f"`{one_line(entry)[:80]}` {note}"
        rule_id = ids.get(path_of(entry), "")
        fidelity.append(
            Construct(
                path=CONFIG, rule_id=rule_id, editor="aider", name="`read`", outcome=outcome, note=shown, line=line
            )
        )  # fmt: skip
    imported = Imported(
        rules=imported.rules, diagnostics=imported.diagnostics, files=imported.files, fidelity=tuple(fidelity)
    )  # fmt: skip
    return joined(imported, diagnostics, INFO)


def follows(file: SourceFile) -> Sequence[str]:
    """The Markdown and text files in the project that `read` names."""
    if file.path != CONFIG:
        return ()
    paths = dict.fromkeys([path_of(entry) for entry, _ in _config(file.data).entries])
    return tuple(path for path in paths if path.endswith(TEXTS))


def path_of(entry: str) -> str:
    """What an entry names, relative to the project root (Aider says: to the folder it is started in); "" for what is
    not in the project."""
    if entry.startswith(("/", "~")) or "\\" in entry or not entry.isprintable() or not entry:
        return ""
    found = posixpath.normpath(entry)
    return "" if found.startswith("../") or found in ("..", ".") else found


def _fate(path: str, ids: dict[str, str], is_folder: bool) -> tuple[Outcome, str]:
    if path.rpartition("/")[2] == "AGENTS.md":
        return "mapped", "is read as AGENTS.md"
    if path == MAIN and path in ids:
        return "mapped", ""
    if path in ids:
        return "approximated", f"is the rule `{ids[path]}` for other editors; Aider reads it itself"
    if is_folder:
        return "dropped", "is a folder, and a folder is not read; the entry stays"
    if path and not path.endswith(TEXTS):
        return "dropped", "is a folder, or no Markdown or text: it is not read; the entry stays"
    return "dropped", "gives no rule; the entry stays"


def _config(data: bytes) -> Config:
    """`read` as PyYAML and ConfigArgParse 1.7.5 see it: a text or a list of texts, the last of two keys."""
    out = Config()
    try:
        text = data.decode("utf-8-sig") if len(data) <= MAX_BYTES else ""
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        out.findings.append(("AID09", line, "not UTF-8: Aider cannot read it", "save the file as UTF-8"))
        return out
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; a configuration has at most {MAX_BYTES:,}"
        out.findings.append(("AID09", 1, message, "make it shorter"))
        return out
    import yaml

    try:
        _collect(out, text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        out.entries = []
        message = f"not YAML: {one_line(error.problem or 'it does not parse')}; Aider stops at it"
        out.findings.append(("AID09", line, message, "correct it"))
    except (yaml.YAMLError, ValueError, RecursionError):
        out.entries = []
        out.findings.append(("AID09", 1, "not YAML: Aider stops at it", "correct it"))
    for entry, line in out.entries:
        if "," in entry:
            message = f"`{one_line(entry)[:80]}` holds a comma: Aider reads it as one file name"
            out.findings.append(("AID01", line, message, "write a list, one `- file` a line"))
        elif not path_of(entry):
            message = f"`{one_line(entry)[:80]}` is not in the project: Aider goes on reading it, no other editor does"
            out.findings.append(("AID08", line, message, "move the text into the project to share it"))
        elif entry.endswith("/"):
            message = f"`{one_line(entry)[:80]}` is a folder: a folder is not read, and its files are no rules"
            out.findings.append(("AID08", line, message, "name the files one by one to share them"))
    del out.findings[MOST:]
    return out


def _collect(out: Config, text: str) -> None:
    """The top level of the mapping, from the parser's events: nothing is built, so that nothing hostile can cost."""
    import yaml

    depth = 0
    key: tuple[str, int] | None = None
    seen: set[str] = set()
    inside = as_key = False  # of the list below `read`; of a key that is a list or a map itself
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            if depth == 1:
                key, inside, as_key = ("", line) if as_key else None, False, False
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        if depth == 0 and not isinstance(event, yaml.MappingStartEvent):
            out.findings.append(("AID09", line, "no list of `key: value` lines: Aider stops at it", "correct it"))
            return
        value = event.value if isinstance(event, yaml.ScalarEvent) else ""
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth == 2:
                as_key = key is None
                inside = key is not None and key[0] == "read" and isinstance(event, yaml.SequenceStartEvent)
            elif depth > MAX_DEPTH:
                out.entries = []
                out.findings.append(("AID09", line, "YAML that is nested too deeply", "correct it"))
                return
        elif depth == 1 and key is None:
            key = (value, line)
            _key(out, value, line, value in seen)
            seen.add(value)
        else:
            is_null = isinstance(event, yaml.ScalarEvent) and event.implicit[0] and value in _NULLS
            mine = (depth == 1 and key is not None and key[0] == "read") or (depth == 2 and inside)
            if mine and not is_null and value and len(out.entries) < MAX_ENTRIES:
                out.entries.append((value, line))
            if depth == 1:
                key = None


def _key(out: Config, key: str, line: int, is_again: bool) -> None:
    if key == "read" and is_again:
        out.findings.append(("AID03", line, "`read` stands there twice: only the last one is used", "merge the lists"))
        out.entries = []
    elif key in _MISSPELT:
        message = f"`{key}` is no key of Aider's: it ends with `unrecognized arguments`"
        out.findings.append(("AID02", line, message, "write `read`"))
