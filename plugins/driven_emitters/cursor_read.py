"""Reading Cursor's .mdc files as people write them: lenient, every oddity a diagnostic, the layout remembered.

Diagnostics carry the numbers of the table of Cursor's mistakes: CUR02-CUR13 and GEN01-GEN04; an error is a file that
gives no rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from driven.hookspecs import Imported, SourceFile
from driven.model.activation import ALWAYS, ON_REQUEST, Activation, Always, ForPaths, WhenRelevant
from driven.model.diagnostic import Diagnostic, Severity
from driven.model.rule import Rule, Value
from driven.plugin_kit import FormatError, check, is_universal, one_line, parse_front, split_front, split_list
from driven.span import Span
from driven_emitters.shared import without_note

LEGACY = ".cursorrules"
_KEY_LINE = re.compile(r"([^\s#:\-\[\]{}'\"][^:]*?)[ \t]*:(?:[ \t]+(.*)|)$")
_GLOBS_LINE = re.compile(r"globs[ \t]*:(.*)$")
_ITEM = re.compile(r"[ \t]*-(?:[ \t]+(.*)|)$")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?[ \t]*(?:#.*)?$")
_STARS = re.compile(r"\*\*+")
_COMMENT = re.compile(r"(?:^|[ \t])#.*$")
_NAMES = {"path": "globs", "paths": "globs", "glob": "globs", "applyTo": "globs", "trigger": "alwaysApply"}


@dataclass(slots=True)
class Read:
    """What a file says. `front`: its text up to where `body` starts, so that joined they are the file."""

    front: str
    body: str
    activation: Activation = ON_REQUEST
    description: str = ""
    extra: dict[str, Value] = field(default_factory=dict)
    findings: list[tuple[str, int, str, str]] = field(default_factory=list)  # code, line, message, hint


def read(text: str, path: str) -> Read:
    """One file. `path` matters where the file stands in a directory's own .cursor/rules. Never fails."""
    data = text.encode()
    start, end, at = split_front(data)
    if path == LEGACY:
        found = Read("", text.removeprefix("\ufeff"), ALWAYS)
        what = "a legacy file, which agents are reported not to load"
        found.findings.append(("CUR13", 1, what, "delete it once the rule is imported"))
    elif end <= start and not (start and end == start):
        found = Read(*_cut(data, 3 if text.startswith("\ufeff") else 0))
        hint = "write a line `---` below the keys" if start else "begin with `---`, `alwaysApply: true`, `---`"
        what = "is never closed" if start else "is missing"
        found.findings.append(("CUR10", 1, f"the front matter {what}: Cursor loads this only when asked for", hint))
        if text.lstrip("\ufeff").lstrip().startswith("---") and not start:
            found.findings.append(("GEN02", 1, "a blank line above `---`: the front matter is not seen", "delete it"))
    else:
        found = Read(*_cut(data, at))
        _keys(found, data[start:end].decode(), path)
    if found.front.startswith("\ufeff"):
        found.findings.append(("GEN01", 1, "a byte order mark: some tools do not see the front matter", "remove it"))
    if not found.body.strip():
        what = "below the front matter" if found.front else "in the file"
        found.findings.append(("GEN03", 1, f"there is no text {what}", "write the rule, or delete it"))
    return found


def means(text: str, path: str, rule: Rule, front: str) -> bool:
    """Whether the file, of which `front` is the front matter, says what `rule` says now."""
    found = read(text, path)
    own = {key: value for key, value in rule.extra.get("cursor", {}).items() if not key.startswith("$")}
    return (
        found.front == front
        and found.body == rule.body
        and found.activation == rule.activation
        and found.description == (one_line(rule.description) or _model_text(rule))
        and list(found.extra.items()) == list(own.items())
    )


def read_files(files: Sequence[SourceFile], canonical: Callable[[Rule], tuple[str, str]]) -> Imported:
    """The rules in `files`. `canonical` gives the path and the text that an emission without memory would choose."""
    rules: dict[str, Rule] = {}
    places: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    for file in sorted({file.path: file for file in files}.values(), key=lambda file: file.path):
        text = _text(file, diagnostics)
        if text is None:
            continue
        found = read(text, file.path)
        rule_id = _rule_id(file.path, places, diagnostics)
        rules[rule_id] = _rule(rule_id, found, file.path, canonical)
        places[rule_id] = file.path
        for code, line, message, hint in found.findings:
            diagnostics.append(_finding(code, "warning", file.path, message, hint, line=line, rule_id=rule_id))
    return Imported(rules=tuple(rules.values()), diagnostics=tuple(diagnostics), files=places)


def _rule(rule_id: str, found: Read, path: str, canonical: Callable[[Rule], tuple[str, str]]) -> Rule:
    """The rule, with a memory of its file where that is not what would be written."""
    body = without_note(found.body)
    span = Span(path=path)

    def made(extra: dict[str, Value]) -> Rule:
        held = {"cursor": extra} if extra else {}
        return Rule(
            id=rule_id, body=body, activation=found.activation, description=found.description, extra=held, span=span
        )

    extra = dict(found.extra)
    plain = made(extra)
    own_path, own_text = canonical(plain)
    if own_path != path != LEGACY:
        extra["$path"] = path
    if own_text != found.front + body and path != LEGACY:
        extra["$front"] = found.front
    return made(extra) if len(extra) > len(found.extra) else plain


def _text(file: SourceFile, diagnostics: list[Diagnostic]) -> str | None:
    from driven.plugin_kit import MAX_RULE_BYTES

    if len(file.data) > MAX_RULE_BYTES:
        message = f"the file has {len(file.data):,} bytes; a rule has at most {MAX_RULE_BYTES:,}"
        diagnostics.append(_finding("CUR15", "error", file.path, message, "split it"))
        return None
    try:
        text = file.data.decode()
    except UnicodeDecodeError as error:
        above = file.data[: error.start].decode(errors="replace").split("\n")
        message = f"not UTF-8: byte 0x{file.data[error.start]:02x}"
        span = Span(path=file.path, line=len(above), column=len(above[-1]) + 1)
        diagnostics.append(
            Diagnostic(code="GEN05", severity="error", message=message, span=span, hint="save the file as UTF-8")
        )
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message, hint = "a NUL byte: this is not a text file", "save the file as UTF-8"
        diagnostics.append(_finding("GEN05", "error", file.path, message, hint, line=line))
        return None
    return text


def _rule_id(path: str, taken: dict[str, str], diagnostics: list[Diagnostic]) -> str:
    """The id that the path proposes; numbered when another file has it already."""
    from driven.plugin_kit import rule_id_for

    folder = _folder(path)
    name = path[len(folder) :].lstrip("/").removeprefix(".cursor/rules/").removesuffix(".mdc")
    proposed = rule_id_for(f"{folder}/{name}" if folder else name)
    if not proposed:
        proposed = "rule"
        message = "the path has no letter or digit to make an id of: this rule is called `rule`"
        diagnostics.append(_finding("CUR16", "warning", path, message, "rename the file"))
    rule_id, number = proposed, 1
    while rule_id in taken:
        number += 1
        rule_id = f"{proposed}-{number}"
    if rule_id != proposed:
        message = f"`{taken[proposed]}` gives the id `{proposed}` too: this rule is called `{rule_id}`"
        diagnostics.append(_finding("CUR16", "warning", path, message, "rename one of the files", rule_id=rule_id))
    return rule_id


def _finding(
    code: str, severity: Severity, path: str, message: str, hint: str, *, line: int = 1, rule_id: str = ""
) -> Diagnostic:
    span = Span(path=path, line=line)
    return Diagnostic(code=code, severity=severity, message=message, span=span, hint=hint, rule_id=rule_id)


def _cut(data: bytes, at: int) -> tuple[str, str]:
    return data[:at].decode(), data[at:].decode()


def _folder(path: str) -> str:
    """The directory whose .cursor/rules the file stands in, `""` for the project's own."""
    return "" if path == LEGACY else path[: path.find(".cursor/rules/")].rstrip("/")


def _model_text(rule: Rule) -> str:
    return rule.activation.description if isinstance(rule.activation, WhenRelevant) else ""


def _keys(found: Read, front: str, path: str) -> None:
    """Fill in what the keys say."""
    lines = front.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    patterns, seen = _globs(found, lines)
    always: Value = None
    for key, value, line in _fields("\n".join(lines), path):
        if key == "description":
            if line - 2 < len(lines) and _BLOCK.fullmatch(lines[line - 2].partition(":")[2].strip(" \t")):
                message = "a description of several lines is not read by Cursor's simple reader"
                found.findings.append(("CUR12", line, message, "write it on one line"))
            found.description = one_line(value if isinstance(value, str) else "" if value is None else str(value))
        elif key == "alwaysApply":
            always = value
            if not isinstance(value, bool) and value is not None:
                message = "`alwaysApply` is not true or false without quotes: the rule is not always applied"
                found.findings.append(("CUR06", line, message, "write `alwaysApply: true`"))
        else:
            found.extra[key] = value
            hint = f"write `{_NAMES[key]}`" if key in _NAMES else "delete it, or keep it: it is written back"
            found.findings.append(("CUR11", line, f"`{one_line(key)}` is not a Cursor key and has no effect", hint))
    globs = _canonical(found, patterns, seen)
    if always is True:
        if globs:
            message = "`globs` are ignored when `alwaysApply` is true"
            found.findings.append(("CUR07", seen, message, "remove one of the two"))
        found.activation = ALWAYS
    elif any(is_universal(glob) for glob in globs):
        found.activation = ALWAYS
    elif globs:
        found.activation = ForPaths(globs)
    elif found.description:
        found.activation = WhenRelevant(found.description)
    folder = _folder(path)
    if folder:
        found.activation = _below(folder, found.activation)


def _below(folder: str, activation: Activation) -> Activation:
    """What holds for a directory's own rules: the directory and no more. Its patterns may be relative to either."""
    literal = "".join(f"[{char}]" if char in "*?[{}" else char for char in folder)
    try:
        check(f"{literal}/**")
    except FormatError:
        return activation
    match activation:
        case Always():
            return ForPaths((f"{literal}/**",))
        case ForPaths(globs):
            return ForPaths(tuple([g if g.startswith(literal + "/") else f"{literal}/{g}" for g in globs]))
        case _:
            return activation


def _globs(found: Read, lines: list[str]) -> tuple[list[str], int]:
    """The patterns under `globs` and its line, by Cursor's reader: text, whatever YAML makes of it. The lines are
    blanked, so that the others can be read as YAML."""
    patterns: list[str] = []
    seen = 0
    at = 0
    while at < len(lines):
        match = _GLOBS_LINE.match(lines[at])
        if not match:
            at += 1
            continue
        end = at + 1
        while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t-]#"):
            end += 1
        seen = at + 2
        patterns = _patterns(found, match.group(1).strip(), lines[at + 1 : end], seen)
        lines[at:end] = [""] * (end - at)
        at = end
    return patterns, seen


def _patterns(found: Read, rest: str, below: list[str], line: int) -> list[str]:
    """The patterns in what stands behind `globs:` and in the lines below it."""
    if _BLOCK.fullmatch(rest):
        return [item for text in below for item in split_list(text)]
    parts = [rest, *[text.strip() for text in below]]
    if rest[:1] not in ("'", '"'):
        parts = [_COMMENT.sub("", part).strip() for part in parts]
    rest, below = parts[0], [part for part in parts[1:] if part]
    if not rest and below and all(_ITEM.match(part) for part in below):
        found.findings.append(_listed(line))
        items = [match.group(1) or "" for match in map(_ITEM.match, below) if match]
        return [pattern for item in items for pattern in split_list(_unquoted(item.strip()))]
    text = " ".join([rest, *below]).strip()
    if text.startswith("[") and text.endswith("]") and not _is_pattern(text):
        found.findings.append(_listed(line))
        return [_unquoted(item) for item in split_list(text[1:-1]) if _unquoted(item)]
    bare = _unquoted(text)
    if bare != text:
        message = "quotes can become part of the pattern in Cursor"
        found.findings.append(("CUR02", line, message, "write globs without quotes"))
    patterns = split_list(bare)
    if ", " in bare and len(patterns) > 1:
        message = "a blank after the comma is reported to stop matching"
        found.findings.append(("CUR04", line, message, "join the globs with `,` alone"))
    if any("{" in pattern and "," in pattern for pattern in patterns):
        message = "some builds of Cursor split at the comma inside braces"
        found.findings.append(("CUR05", line, message, "write the alternatives out"))
    return patterns


def _is_pattern(text: str) -> bool:
    """Whether `[a-z]*.[ch]` and not the list `["a", "b"]`: its first bracket closes before a wildcard or a slash."""
    return text.find("]") < len(text) - 1 and "," not in text and '"' not in text and "'" not in text


def _listed(line: int) -> tuple[str, int, str, str]:
    message = "Cursor reads `globs` as one comma-separated text; a list may match nothing"
    return "CUR03", line, message, "join the globs with `,`"


def _unquoted(text: str) -> str:
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _canonical(found: Read, patterns: list[str], line: int) -> tuple[str, ...]:
    """The patterns in canonical form; those that cannot be one are left out and named."""
    globs: dict[str, None] = {}
    for pattern in patterns:
        text = pattern.replace("\\", "/").removeprefix("./").lstrip("/")
        if text.endswith("/"):
            text += "**"
        text = "/".join([s if s == "**" or "[" in s else _STARS.sub("*", s) for s in text.split("/")])
        try:
            text = check(text)
        except FormatError as error:
            message = f"the glob `{one_line(pattern)[:80]}` is left out: {error.message}"
            found.findings.append(("GEN04", line, message, "write it relative to the project root"))
            continue
        if text != pattern.removeprefix("./"):
            message = f"the glob `{one_line(pattern)[:80]}` is read as `{text}`"
            found.findings.append(("GEN04", line, message, "write it relative to the project root, with `/`"))
        globs[text] = None
    return tuple(globs)


def _fields(front: str, path: str) -> list[tuple[str, Value, int]]:
    """The other keys, their values and lines: as YAML, else line by line."""
    data = front.encode()
    simple = parse_front(data, 0, len(data))
    if simple is not None:
        return simple  # type: ignore[return-value]
    from driven.plugin_kit import load_yaml

    loaded = load_yaml(front, path=path, line_offset=1)
    if not loaded.diagnostics:
        return [(key, value, loaded.keys[key].line) for key, value in loaded.values.items()]
    return _by_line(front.split("\n"))


def _by_line(lines: list[str]) -> list[tuple[str, Value, int]]:
    """`key: value` lines as Cursor's reader takes them, where it is no YAML. Of two keys the last holds."""
    fields: dict[str, tuple[Value, int]] = {}
    for number, text in enumerate(lines, 2):
        match = _KEY_LINE.match(text)
        if match:
            rest = (match.group(2) or "").strip()
            bare = _unquoted(rest)
            value: Value = {"true": True, "false": False}.get(rest, bare)
            fields[match.group(1)] = value, number
    return [(key, value, line) for key, (value, line) in fields.items()]
