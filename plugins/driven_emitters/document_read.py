"""Plain Markdown files of a person's, read as rules and written back: CLAUDE.md, AGENTS.md, CONVENTIONS.md.

The rule is what stands outside of our marked sections. Such a file has no front matter; where one has some all the
same, it stays in that file (`$front`) and no other editor gets it.
"""

from __future__ import annotations

from collections.abc import Iterable

from driven.errors import SourceError
from driven.frozen import replace
from driven.hookspecs import Imported, SourceFile
from driven.model.activation import Activation
from driven.model.artefact import Artefact, Outside, Settings
from driven.model.diagnostic import Diagnostic
from driven.model.fidelity import Construct
from driven.model.rule import Rule
from driven.plugin_kit import one_line, outside_text
from driven_emitters.layout import Read, Reader, as_imported, own_keys
from driven_emitters.markdown_read import prose
from driven_emitters.reading import fields, finding, lines_of, new_id, split, text_of

TEXTS = (".md", ".markdown", ".mdc", ".txt", ".rst")
_MARKER = "<!-- driven:"
MOST = 200  # marker lines of one file; finding the sections costs their number times the file


def document(text: str, path: str, activation: Activation) -> Read:
    """A file that holds for `activation`: what of `text` stands outside of marked sections. Never fails."""
    if _MARKER in text:
        try:
            text = _outside_text(text)
        except SourceError as error:
            found = Read("", "", activation)
            found.breaks(error.message, 1, error.hint)
            return found
    found, yaml = split(text)
    found.broken = ""  # a line across the page, at the top
    found.findings = [item for item in found.findings if item[0] != "GEN02"]
    if yaml is not None:
        keys = fields(lines_of(yaml), path)
        if keys.trouble or not keys.items:  # two lines across the page
            found.body = (found.front + found.body).removeprefix("\ufeff")
            found.front = "\ufeff" if text.startswith("\ufeff") else ""
        for key, _, line in keys.items if found.front.strip("\ufeff") else ():
            found.tell(
                f"key `{one_line(key)[:64]}`", "unsupported", "such a file has no metadata; it stays there", line
            )
    _, fence = prose(found.body)
    if fence:
        line = found.front.replace("\r\n", "\n").count("\n") + fence
        found.find("GEN09", line, "a code fence is never closed: all below it is code", "close it")
    found.activation = activation
    return found


def outside(rule: Rule, editor: str, path: str, read: Reader) -> Artefact | None:
    """The rule as all that stands outside of sections in the file at `path`, from which it was imported; None where
    that would not say what the rule says."""
    held = rule.extra.get(editor, {})
    if not isinstance(held.get("$front"), str):
        rule = replace(rule, extra={**rule.extra, editor: {**held, "$front": ""}})

    def spoken(text: str, path: str) -> Read:
        found = read(text, path)
        found.description = one_line(rule.description)  # for which such a file has no place
        found.extra = own_keys(rule, editor)
        return found

    text = as_imported(rule, editor, path, Settings(), spoken)
    if text is None or _is_blank(text):
        return None
    return Artefact(path=path, text=text, ownership=Outside(), rule_ids=(rule.id,))


def _is_blank(text: str) -> bool:
    return not text.removeprefix("\ufeff").strip()


def _outside_text(text: str) -> str:
    """What stands outside of sections. SourceError when marker lines are damaged."""
    if text.count(_MARKER) > MOST:
        raise SourceError(f"more than {MOST} marker lines of `driven`", hint="delete those that mark no section")
    return outside_text(text)


def with_description(rule: Rule, read: Reader) -> Reader:
    """`read` for the form of file that has no place for a description, or need not have one: then it is the rule's."""

    def spoken(text: str, path: str) -> Read:
        found = read(text, path)
        found.description = found.description or one_line(rule.description)
        return found

    return spoken


def outer(files: Iterable[SourceFile], diagnostics: list[Diagnostic]) -> list[SourceFile]:
    """The files, each with what stands outside of marked sections; those without anything there are left out."""
    found: list[SourceFile] = []
    for file in files:
        if _is_blank(file.data.decode("utf-8", "replace")):
            diagnostics.append(finding("GEN03", "warning", file.path, "there is no text in the file", "delete it"))
            continue
        if _MARKER.encode() not in file.data:
            found.append(file)
            continue
        text = text_of(file, diagnostics)
        if text is None:
            continue
        try:
            rest = _outside_text(text)
        except SourceError as error:
            diagnostics.append(finding("IMP05", "error", file.path, error.message, error.hint))
            continue
        if not _is_blank(rest):
            found.append(replace(file, data=rest.encode()))
    return found


def joined(imported: Imported, diagnostics: Iterable[Diagnostic], info: frozenset[str]) -> Imported:
    """`imported` with more diagnostics; those with a code of `info` ask for nothing."""
    every = [replace(d, severity="info") if d.code in info else d for d in (*diagnostics, *imported.diagnostics)]
    return replace(imported, diagnostics=tuple(every))


def taken_in(
    imported: Imported, editor: str, files: Iterable[tuple[SourceFile, Activation, str]], keeps: str
) -> Imported:
    """`imported` and one rule more for each of `files`, which another file takes in: (the file, when it holds, who
    takes it in). The editor goes on reading them itself, so those rules are for the others; `keeps` says how."""
    rules = list(imported.rules)
    places = dict(imported.files)
    diagnostics = list(imported.diagnostics)
    fidelity = list(imported.fidelity)
    for file, activation, by in files:
        text = text_of(file, diagnostics)
        if text is None:
            continue
        found = document(text, file.path, activation)
        if not found.body.strip():
            continue
        stem = file.path.rpartition(".")[0] if "." in file.path.rpartition("/")[2].lstrip(".") else file.path
        rule_id = new_id(file.path, stem, places, diagnostics)
        body = found.body
        rules.append(Rule(id=rule_id, body=body, activation=activation, targets=(f"-{editor}",)))
        places[rule_id] = file.path
        told = f"taken in by `{by}`: {keeps}"
        fidelity.append(
            Construct(path=file.path, rule_id=rule_id, editor=editor, name="body", outcome="mapped", note=told)
        )
        fidelity += [
            Construct(path=file.path, rule_id=rule_id, editor=editor, name=name, outcome=outcome, note=note, line=line)
            for name, outcome, note, line in found.constructs
        ]
    return Imported(rules=tuple(rules), diagnostics=tuple(diagnostics), files=places, fidelity=tuple(fidelity))
