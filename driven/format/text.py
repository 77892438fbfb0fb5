"""A rule file <-> a Rule. What was read is written back byte for byte for as long as it says the same."""

from __future__ import annotations

from driven.core.front import parse_front, split_front, starts_with_key
from driven.format.fields import Fields, Places
from driven.format.words import shown
from driven.frozen import replace
from driven.model.diagnostic import Diagnostic, Fix, Severity, TextEdit
from driven.model.rule import Rule, Source, Value
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_RULE_BYTES = 1 << 20
BOM = b"\xef\xbb\xbf"

# Every finding in a rule file. Codes are stable: one that is not used any more is never given out again.
CODES: dict[str, str] = {
    "RUL01": "the front matter is not YAML",
    "RUL02": "an anchor, alias or tag in the front matter",
    "RUL03": "the front matter is too long, too deep or has too many values",
    "RUL04": "a key stands twice",
    "RUL05": "the front matter is not a list of `key: value` lines",
    "RUL06": "an unknown key",
    "RUL07": "a value of the wrong type",
    "RUL08": "an unknown value of `apply`, `kind` or `category`",
    "RUL09": "`priority` is out of range",
    "RUL10": "a glob that cannot be used",
    "RUL11": "`apply: paths` without `paths`",
    "RUL12": "a condition that cannot be used",
    "RUL13": "a target, tag or editor name that cannot be one",
    "RUL14": "`paths` has no effect (warning)",
    "RUL15": "the front matter is not closed",
    "RUL16": "blank lines stand above the front matter",
    "RUL17": "a merge conflict that nobody resolved",
    "RUL20": "the file is not UTF-8",
    "RUL21": "the file holds a NUL character",
    "RUL22": "the file is too large",
    "RUL23": "the file's name gives no rule id",
    "RUL30": "the file begins with a byte order mark (warning)",
    "RUL31": "lines end with CRLF (warning)",
    "RUL32": "a lone CR ends a line (warning)",
    "RUL33": "the body is empty (warning)",
    "RUL34": "the file is empty (warning)",
    # Found by those who see all files and all editors.
    "RUL24": "two files give one rule id",
    "RUL25": "the file cannot be read",
    "RUL40": "`targets` names an editor that no plugin offers (warning)",
}


def parse_rule(data: bytes, *, path: str, rule_id: str) -> tuple[Rule | None, list[Diagnostic]]:
    """The rule in a file and what there is to say about it; with an error, no rule. Never raises.

    `path` is what spans name; `rule_id` comes from `rule_id_for`. The body is everything after the closing `---` line
    less one blank line, as it stands. The front matter, verbatim, goes to `Rule.source`.
    """
    reader = _Reader(data, path, rule_id)
    rule = reader.read()
    reader.found.sort(key=lambda item: (item.span.line, item.span.column))
    return (None if any(item.severity == "error" for item in reader.found) else rule), reader.found


def render_rule(rule: Rule) -> bytes:
    """The file of a rule: the bytes that were read as long as they say what the rule says, else fresh front matter.

    Fresh front matter is minimal (none for default values) and keeps the line ending and the BOM of `rule.source`; the
    body is not touched. A body that would itself be taken for front matter gets a front matter that says the default.
    """
    source = rule.source
    bom = BOM if source.bom else b""
    as_read = bom + (source.front + rule.body).encode("utf-8", "surrogatepass")
    again, _ = parse_rule(as_read, path=rule.span.path, rule_id=rule.id)
    if again == rule:
        return as_read
    from driven.format.canonical import front_lines

    lines = front_lines(rule)
    if not lines and (rule.body.startswith("\ufeff") or rule.body.lstrip().startswith("---")):
        lines = ["apply: always"]
    newline = "\n" if source.newline == "\r" and rule.body.startswith("\n") else source.newline  # else it were a CRLF
    front = "".join([line + newline for line in ("---", *lines, "---", "")]) if lines else ""
    return bom + (front + rule.body).encode("utf-8", "surrogatepass")


def rule_id_for(path: str) -> str:
    """The id of the rule at a path below `rules/`; "" when nothing valid remains of one of its parts (RUL23).

    `.md` is cut off. Letters become lower case and lose their accents, whichever way Unicode spells those (so that one
    file has one id on macOS and Linux); every run of other characters becomes one `-`: `API/Écrire_tests.v2.md` is
    `api/ecrire-tests-v2`.
    """
    stem = path.removesuffix(".md")
    if not stem.isascii():
        from unicodedata import combining, normalize

        stem = normalize("NFKD", normalize("NFKD", stem).casefold())
        stem = "".join([char for char in stem if not combining(char)])
    parts: list[str] = []
    for part in stem.lower().split("/"):
        words = "".join([char if char.isascii() and char.isalnum() else " " for char in part]).split()
        if not words:
            return ""
        parts.append("-".join(words))
    return "/".join(parts)


def is_rule_id(text: str) -> bool:
    """Whether `text` is `[a-z0-9][a-z0-9-/]*`, as an id must be."""
    return text[:1] not in ("", "-", "/") and not text.strip("abcdefghijklmnopqrstuvwxyz0123456789-/")


class _Reader:
    """One file on its way to a Rule."""

    def __init__(self, data: bytes, path: str, rule_id: str) -> None:
        self.data = data
        self.path = path
        self.rule_id = rule_id
        self.found: list[Diagnostic] = []

    def read(self) -> Rule | None:
        data = self.data
        if len(data) > MAX_RULE_BYTES:
            message = f"the file has {len(data):,} bytes; a rule has at most {MAX_RULE_BYTES:,}"
            self.report("error", "RUL22", message, 0, "split it into several rules")
            return None
        if not is_rule_id(self.rule_id):
            message = f"`{shown(self.path)}` gives no rule id" if self.path else "the rule has no id"
            hint = "rename the file: each part of its path needs a letter a-z or a digit"
            self.report("error", "RUL23", message, 0, hint)
        nul = data.find(0)
        if nul >= 0:
            self.report("error", "RUL21", "the file holds a NUL character", nul, "save it as UTF-8 text")
        try:
            data.decode()
        except UnicodeDecodeError as error:
            message = f"the file is not UTF-8: byte 0x{data[error.start]:02x} ({error.reason})"
            self.report("error", "RUL20", message, error.start, "save it as UTF-8 text")
        conflict = _conflict(data)
        if conflict >= 0:
            hint = "keep what holds of the two sides, and delete the marker lines"
            self.report("error", "RUL17", "a merge conflict of git's stands here, unresolved", conflict, hint)
        start, end, body = split_front(data)
        if end < 0:
            hint = "end it with a line `---`; for a line across the page write `***`"
            self.report("error", "RUL15", "the front matter is not closed", 0, hint)
        elif start == 0:
            self.look_for_front(body)
        if self.found:
            return None
        rule = self.build(start, end, body)
        self.warn(rule)
        return rule

    def build(self, start: int, end: int, body: int) -> Rule | None:
        """The Rule; None when the front matter is not YAML."""
        data = self.data
        bom = data.startswith(BOM)
        text = data[body:].decode()
        source = Source(front=data[3 if bom else 0 : body].decode(), newline=_newline(data), bom=bom)
        rule = Rule(id=self.rule_id, body=text, source=source, span=Span(path=self.path))
        if not start:
            return rule
        fast = parse_front(data, start, end)
        yaml = data[start:end].decode()
        values: dict[str, Value]
        if fast is not None:
            read: Any = fast
            values = {key: value for key, value, _ in read}
            places = Places(yaml, self.path, 1, {key: line for key, _, line in fast})
        else:
            from driven.format.yaml12 import load_yaml

            loaded = load_yaml(yaml, path=self.path, line_offset=1)
            if loaded.diagnostics:
                self.found += [replace(item, rule_id=self.rule_id) for item in loaded.diagnostics]
                return None
            values = loaded.values
            places = Places(yaml, self.path, 1, {})
            places.loaded = loaded
        fields = Fields(values, places, self.found, self.rule_id)
        given: dict[str, Any] = fields.read(lambda description: replace(rule, description=description).summary)
        return replace(rule, **given)

    def look_for_front(self, body: int) -> None:
        """Front matter that does not stand on the first line would silently become text."""
        rest = self.data[body:].lstrip(b" \t\r\n")
        start, end, _ = split_front(rest)
        if len(rest) < len(self.data) - body and start > 0 and end >= 0 and starts_with_key(rest, start):
            offset = len(self.data) - len(rest)
            message = "blank lines stand above the front matter, so it is read as text"
            start = 3 if self.data.startswith(BOM) else 0
            cut = self.fix("Delete the blank lines", start, offset, "")
            self.report("error", "RUL16", message, offset, "delete everything above the `---`", cut)

    def warn(self, rule: Rule | None) -> None:
        data = self.data
        if data.startswith(BOM):
            cut = self.fix("Delete the byte order mark", 0, 3, "")
            self.report("warning", "RUL30", "the file begins with a byte order mark", 0, "save it without one", cut)
        if b"\r" in data:
            keep = _has_layout(rule)
            crlf = data.find(b"\r\n")
            lone = data.replace(b"\r\n", b"\n\n").find(b"\r")
            if crlf >= 0 and not keep:
                message = "lines end with CRLF; what is emitted has LF"
                self.report("warning", "RUL31", message, crlf, "save it with LF", self.with_lf(keep))
            if lone >= 0:
                message = "a lone CR ends a line; what is emitted has LF"
                self.report("warning", "RUL32", message, lone, "save it with LF", self.with_lf(keep))
        if not data:
            self.report("warning", "RUL34", "the file is empty", 0, "write the rule, or delete the file")
        elif not data[split_front(data)[2] :].strip():
            self.report("warning", "RUL33", "the rule has no text", len(data), "write the rule, or delete the file")

    def with_lf(self, keep: bool) -> Fix:
        """One edit of the whole text: a file with CRLF has as many of them as lines. `keep`: only the lone CRs."""
        data = self.data.removeprefix(BOM)
        crlf = b"\0" if keep else b"\n"  # there is no NUL in it
        text = data.replace(b"\r\n", crlf).replace(b"\r", b"\n").replace(b"\0", b"\r\n").decode()
        return self.fix("End every line with LF", len(self.data) - len(data), len(self.data), text)

    def fix(self, title: str, start: int, end: int, text: str) -> Fix:
        """A safe one: `text` for what stands between two byte offsets."""
        return Fix(title=title, edits=(TextEdit(span=self.place(start, end), text=text),), safe=True)

    def report(
        self, severity: Severity, code: str, message: str, offset: int, hint: str, fix: Fix | None = None
    ) -> None:
        """A finding at a byte offset of the file."""
        span = self.place(offset, offset)
        self.found.append(
            Diagnostic(
                code=code, severity=severity, message=message, span=span, hint=hint, fix=fix, rule_id=self.rule_id
            )
        )

    def place(self, start: int, end: int) -> Span:
        """Byte offsets as lines and columns; a BOM is no column."""
        line, column = self.line_column(start)
        if end <= start:
            return Span(path=self.path, line=line, column=column)
        end_line, end_column = self.line_column(end)
        return Span(path=self.path, line=line, column=column, end_line=end_line, end_column=end_column)

    def line_column(self, offset: int) -> tuple[int, int]:
        above = self.data[:offset].removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return above.count(b"\n") + 1, len(above[above.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1


def _has_layout(rule: Rule | None) -> bool:
    """Whether an editor's file keeps its own layout, line ends included: then the rule has them from there."""
    return rule is not None and any("$front" in keys or "$path" in keys for keys in rule.extra.values())


def _conflict(data: bytes) -> int:
    """Where the marker lines of an unresolved conflict begin, as git writes them; -1 for none. An example in fenced
    code is none, but a conflict may hold the beginning of one."""
    if b"<<<<<<< " not in data or b">>>>>>> " not in data:
        return -1
    start = at = 0
    wanted = fence = b""
    for line in data.split(b"\n"):
        bare = line.strip()
        if not wanted and not fence and line.removeprefix(BOM).startswith(b"<<<<<<< "):
            start, wanted = at, b"======="
        elif wanted == b"=======":
            wanted = b">>>>>>> " if line.rstrip() == wanted else wanted
        elif wanted and line.startswith(wanted):
            return start
        if fence:
            fence = b"" if bare.startswith(fence) and not bare.strip(fence[:1]) else fence
        elif bare.startswith((b"```", b"~~~")):
            ticks = bare[: len(bare) - len(bare.lstrip(bare[:1]))]
            fence = b"" if b"`" in ticks and b"`" in bare[len(ticks) :] else ticks
        at += len(line) + 1
    return -1


def _newline(data: bytes) -> str:
    """The line ending of the first line that has one."""
    first = data.find(b"\r")
    feed = data.find(b"\n")
    if first < 0 or 0 <= feed < first:
        return "\n"
    return "\r\n" if feed == first + 1 else "\r"
