"""What importers share: files as text, ids, front matter read leniently, globs in canonical form, rules from files.

Offered from here too: `layout` (`as_imported` writes a rule in the layout of its file, `back` reads an edit of it as an
edit of the rule) and `globs_read`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from driven.frozen import record
from driven.hookspecs import Imported, SourceFile
from driven.model.diagnostic import Diagnostic, Severity
from driven.model.fidelity import Construct
from driven.model.rule import Rule, Value
from driven.plugin_kit import one_line, parse_front, split_front
from driven.span import Span
from driven_emitters.globs_read import Globs as Globs
from driven_emitters.globs_read import below as below
from driven_emitters.globs_read import canonical_globs as canonical_globs
from driven_emitters.globs_read import glob_patterns as glob_patterns
from driven_emitters.globs_read import unquoted as unquoted
from driven_emitters.layout import Read as Read
from driven_emitters.layout import as_imported as as_imported
from driven_emitters.layout import back as back
from driven_emitters.layout import body_of
from driven_emitters.layout import relaid as relaid
from driven_emitters.shared import without_note

Canonical = Callable[[Rule], tuple[str, str] | None]
"""The path and the text of the file (or of what is `Outside`) that an editor's emitter writes for a rule alone, with
default settings; None where it writes no such file."""

# Findings that tell and ask for nothing; all others are warnings, and errors where no rule comes of a file.
INFO = frozenset(("CLN05", "GEN06", "WND07"))
MAX_NESTED = 12  # levels of a value that a rule's own front matter can hold below `extra`

_KEY_LINE = re.compile(r"([^\s#:\-\[\]{}'\"][^:]*?)[ \t]*:(?:[ \t]+(.*)|)$")


@record
class Fields:
    """The keys of front matter: (key, value, line). `trouble` says at `line` why it is no YAML; then they were read
    line by line, and `plain` says that this left no line over."""

    items: list[tuple[str, Value, int]]
    trouble: str = ""
    line: int = 1
    plain: bool = True


def finding(
    code: str, severity: Severity, path: str, message: str, hint: str, *, line: int = 1, rule_id: str = ""
) -> Diagnostic:
    """A diagnostic about a line of a file."""
    span = Span(path=path, line=line)
    return Diagnostic(code=code, severity=severity, message=message, span=span, hint=hint, rule_id=rule_id)


def text_of(file: SourceFile, diagnostics: list[Diagnostic]) -> str | None:
    """The text of a file; None, and a diagnostic, when it is too large for a rule (IMP04) or no text (TXT01)."""
    from driven.plugin_kit import MAX_RULE_BYTES

    if len(file.data) > MAX_RULE_BYTES:
        message = f"the file has {len(file.data):,} bytes; a rule has at most {MAX_RULE_BYTES:,}"
        diagnostics.append(finding("IMP04", "error", file.path, message, "split it"))
        return None
    try:
        text = file.data.decode()
    except UnicodeDecodeError as error:
        above = file.data[: error.start].decode(errors="replace").split("\n")
        message = f"not UTF-8: byte 0x{file.data[error.start]:02x}"
        span = Span(path=file.path, line=len(above), column=len(above[-1]) + 1)
        diagnostics.append(
            Diagnostic(code="TXT01", severity="error", message=message, span=span, hint="save the file as UTF-8")
        )
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message, hint = "a NUL byte: this is not a text file", "save the file as UTF-8"
        diagnostics.append(finding("TXT01", "error", file.path, message, hint, line=line))
        return None
    return text


def new_id(path: str, proposed: str, taken: dict[str, str], diagnostics: list[Diagnostic], code: str = "IMP03") -> str:
    """A rule id from what the path proposes, `team/My Rule`; numbered when another file has it already (`taken`: id ->
    path). The caller enters it there."""
    from driven.plugin_kit import rule_id_for

    wanted = rule_id_for(proposed)
    if not wanted:
        wanted = "rule"
        message = "the path has no letter or digit to make an id of: this rule is called `rule`"
        diagnostics.append(finding(code, "warning", path, message, "rename the file"))
    rule_id, number = wanted, 1
    while rule_id in taken:
        number += 1
        rule_id = f"{wanted}-{number}"
    if rule_id != wanted:
        message = f"`{taken[wanted]}` gives the id `{wanted}` too: this rule is called `{rule_id}`"
        diagnostics.append(finding(code, "warning", path, message, "rename one of the files", rule_id=rule_id))
    return rule_id


def rules_of(
    files: Sequence[SourceFile],
    editor: str,
    read: Callable[[str, str], Read],
    name: Callable[[str], str],
    canonical: Canonical,
    legacy: Collection[str] = (),
    id_code: str = "IMP03",
) -> Imported:
    """One rule per file, in the order of the paths. `read(text, path)` reads one; `name(path)` proposes the id.

    What `canonical` would not write so is remembered in `$path` and `$front`, but of `legacy` paths, which are never
    written.
    """
    rules: dict[str, Rule] = {}
    places: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    fidelity: list[Construct] = []
    for file in sorted({file.path: file for file in files}.values(), key=lambda file: file.path):
        text = text_of(file, diagnostics)
        if text is None:
            continue
        found = read(text, file.path)
        rule_id = new_id(file.path, name(file.path), places, diagnostics, id_code)
        rules[rule_id] = _rule(rule_id, found, file.path, editor, canonical, file.path not in legacy)
        places[rule_id] = file.path
        for code, line, message, hint in found.findings:
            severity: Severity = "info" if code in INFO else "warning"
            diagnostics.append(finding(code, severity, file.path, message, hint, line=line, rule_id=rule_id))
        for what, outcome, about, line in [*found.constructs, ("body", "mapped", "", 0)]:
            fidelity.append(
                Construct(
                    path=file.path, rule_id=rule_id, editor=editor, name=what, outcome=outcome, note=about, line=line
                )
            )  # fmt: skip
    return Imported(
        rules=tuple(rules.values()), diagnostics=tuple(diagnostics), files=places, fidelity=tuple(fidelity)
    )  # fmt: skip


def _rule(rule_id: str, found: Read, path: str, editor: str, canonical: Canonical, remember: bool) -> Rule:
    """The rule, with a memory of its file where that is not what would be written."""
    span = Span(path=path)
    plain = without_note(found.body)

    def made(body: str, extra: dict[str, Value]) -> Rule:
        held = {editor: extra} if extra else {}
        return Rule(
            id=rule_id, body=body, activation=found.activation, description=found.description, extra=held, span=span
        )

    rule = made(body_of(found), found.extra)
    if not remember:
        return rule
    extra = dict(found.extra)
    written = canonical(rule)
    if written is None or written[0] != path:
        extra["$path"] = path
        rule = made(rule.body, extra)
        written = canonical(rule)
    return rule if written == (path, found.front + plain) else made(plain, extra | {"$front": found.front})


def split(text: str) -> tuple[Read, str | None]:
    """A file in two, and the YAML of its front matter; None where it has none. Findings GEN01-GEN03 are made; whether
    a file without is wrong is the editor's to say.

    `broken` is set when the front matter is never closed. A BOM belongs to the front.
    """
    data = text.encode("utf-8", "surrogatepass")
    start, end, at = split_front(data)
    yaml: str | None = None
    if end <= start and not (start and end == start):
        found = Read(*_cut(data, 3 if text.startswith("\ufeff") else 0))
        if start:
            found.broken, found.broken_hint = "the front matter is never closed", "write a line `---` below the keys"
        elif text.lstrip("\ufeff").lstrip().startswith("---"):
            found.find("GEN02", 1, "a blank line above `---`: the front matter is not seen", "delete it")
    else:
        found = Read(*_cut(data, at))
        yaml = data[start:end].decode("utf-8", "surrogatepass")
    if found.front.startswith("\ufeff"):
        found.find("GEN01", 1, "a byte order mark: some tools do not see the front matter", "remove it")
    if not found.body.strip():
        what = "below the front matter" if found.front else "in the file"
        found.find("GEN03", 1, f"there is no text {what}", "write the rule, or delete it")
    return found, yaml


def _cut(data: bytes, at: int) -> tuple[str, str]:
    return data[:at].decode("utf-8", "surrogatepass"), data[at:].decode("utf-8", "surrogatepass")


def lines_of(front: str) -> list[str]:
    """The lines of front matter, whichever way they end. The first is line 2 of its file."""
    return front.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def fields(lines: Sequence[str], path: str) -> Fields:
    """The keys in `lines`: as YAML, else line by line (of two keys the last holds)."""
    front = "\n".join(lines)
    data = front.encode("utf-8", "surrogatepass")
    simple = parse_front(data, 0, len(data))
    if simple is not None:
        return Fields(simple)  # type: ignore[arg-type]  # it types the values `object`
    from driven.plugin_kit import load_yaml

    loaded = load_yaml(front, path=path, line_offset=1)
    if not loaded.diagnostics:
        return Fields([(key, value, loaded.keys[key].line) for key, value in loaded.values.items()])
    first = loaded.diagnostics[0]
    found = Fields([], first.message, first.span.line)
    by_key: dict[str, tuple[Value, int]] = {}
    for number, text in enumerate(lines, 2):
        match = _KEY_LINE.match(text)
        if match:
            rest = (match.group(2) or "").strip()
            bare = unquoted(rest)
            by_key[match.group(1)] = {"true": True, "false": False}.get(rest, bare), number
            found.plain = found.plain and (bare != rest or rest[:1] not in ("'", '"'))
        else:
            found.plain = found.plain and (not text.strip() or text.lstrip()[:1] == "#" or text[:1] in " \t-")
    found.items = [(key, value, line) for key, (value, line) in by_key.items()]
    return found


def keep(found: Read, key: str, value: Value, line: int, note: str = "") -> None:
    """Keep a key of this editor's own in `extra`: it means nothing to other editors, and is written back."""
    name = f"key `{one_line(key)[:64]}`"
    why = ""
    if key.startswith("$"):
        why = "names that begin with `$` are ours"
    elif not _holds(value, MAX_NESTED):
        why = "nested too deep for a rule file, or no number"
    if why:
        found.tell(name, "dropped", f"{why}; the file keeps it", line)
        return
    found.extra[key] = value
    found.tell(name, "unsupported", note or "kept for this editor", line)


def _holds(value: Value, depth: int) -> bool:
    """Whether a rule file can hold the value: not nested too deep, and no number without digits."""
    match value:
        case list():
            return depth > 0 and all(_holds(item, depth - 1) for item in value)
        case dict():
            return depth > 0 and all(_holds(item, depth - 1) for item in value.values())
        case float():
            return value - value == 0  # neither a NaN nor infinite
        case _:
            return True
