"""Proposals in front matter: keys and values, of rules and of the editors' own files."""

from __future__ import annotations

import re

from driven_lsp import keys
from driven_lsp.features.completion_globs import add_endings, add_globs, add_paths, counted, listing_of
from driven_lsp.features.completion_kit import Proposals, Slot, slot_of
from driven_lsp.front_place import FrontPlace
from driven_lsp.keys import KeyDoc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from driven.document.document import Document
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here

LISTS = frozenset(("globs", "editors", "tags", "codes", "files", "list"))
_CALL = re.compile(r"""\b(lang|files)[ \t]*\([ \t]*(["']?)([^"'()]*)$""")
_WORD = re.compile(r"[A-Za-z_]*$")
_BRACES = re.compile(r"\.\{([^{}/]*)$")


def complete_front(here: Here, document: Document, place: FrontPlace) -> Proposals:
    """What may stand at a place of front matter (YAML)."""
    snapshot = here.snapshot
    known = _known(snapshot, document.place, place.path)
    if place.kind in ("key", "blank"):
        parent = keys.key_doc(document.place, place.path[:-1], place.path[-1]) if place.path else None
        if parent is not None and parent.form in LISTS and not place.flow:
            head = "" if _has_dash(document, place) else "- "
            into = Proposals(slot_of(document, place, head=head))
            add_values(into, here, document, place, parent, place.used if place.in_list else ())
            return into
        into = Proposals(slot_of(document, place))
        add_keys(into, document, place, known)
        return into
    key = known.get(place.key)
    if key is None:
        return Proposals(slot_of(document, place))
    into = Proposals(slot_of(document, place, is_list=key.form in LISTS and key.form != "files" and not place.in_list))
    add_values(into, here, document, place, key, place.used if place.in_list else ())
    return into


def _has_dash(document: Document, place: FrontPlace) -> bool:
    return "-" in document.text[place.line_start : place.start]


def _known(snapshot: Snapshot, where: str, path: tuple[str, ...]) -> Mapping[str, KeyDoc]:
    """The keys of the map at `path`."""
    if not path:
        return keys.keys_of(where)
    if where == "driven/rule" and path[0] == "extra":
        if len(path) == 1:
            return {
                name: KeyDoc(name=name, takes="a map of keys", form="map", doc=f"Keys that only {title} knows.")
                for name, title in editors_of(snapshot)
            }
        return keys.extra_keys(path[1]) if len(path) == 2 else {}
    return {}


def editors_of(snapshot: Snapshot) -> list[tuple[str, str]]:
    """(name, title) of every editor, the enabled ones first."""
    targets = snapshot.targets
    names = [*[name for name in snapshot.enabled if name in targets], *sorted(targets)]
    return [(name, targets[name].title) for name in dict.fromkeys(names)]


def add_keys(into: Proposals, document: Document, place: FrontPlace, known: Mapping[str, KeyDoc]) -> None:
    """Keys; those that stand there already come last."""
    toml = document.path.endswith(".toml")
    sign = "=" if toml else ":"
    rest = document.text[place.end + (1 if place.quoted else 0) : place.end + 3].lstrip(" \t")
    has_sign = place.kind == "key" and rest[:1] == sign
    for key in sorted(known.values(), key=lambda key: key.name in place.used):
        there = key.name in place.used
        text, snippet = key.name, ""
        if not has_sign and not place.quoted:
            is_map = key.form == "map" and not place.flow
            text = f"{key.name} = " if toml else f"{key.name}:" if is_map else f"{key.name}: "
            snippet = _snippet(key, toml, place.flow)
        into.add(
            key.name, "key", text, raw=True, snippet=snippet, find=key.name,
            detail=f"{key.takes}{' · is there already' if there else ''}",
            data={"kind": "key", "place": document.place, "path": list(place.path), "name": key.name},
        )  # fmt: skip


def _snippet(key: KeyDoc, toml: bool, flow: bool) -> str:
    name = key.name.replace("$", "\\$")
    if toml:
        if key.form in ("codes", "files"):
            return f'{name} = ["$1"]'
        return f'{name} = "$1"' if key.form in ("choice", "path", "text") else ""
    if key.form == "globs":
        return f'{name}: ["$1"]'
    if key.form in ("editors", "tags", "list"):
        return f"{name}: [$1]"
    if key.form == "comma globs" and "quotes" in key.takes and "without" not in key.takes:
        return f'{name}: "$1"'
    if key.form == "map" and not flow and name == "extra":
        return f"{name}:\n  ${{1:cursor}}:\n    $0"
    return ""


def add_values(
    into: Proposals, here: Here, document: Document, place: FrontPlace, key: KeyDoc, used: Sequence[str]
) -> None:  # fmt: skip
    """What may stand behind a key."""
    snapshot = here.snapshot
    typed = document.text[place.start : max(place.start, here.offset)]
    if key.form in ("globs", "comma globs"):
        _globs(into, snapshot, document, place, key, typed)
    elif key.form == "editors":
        _editors(into, snapshot, used, typed)
    elif key.form == "tags":
        _tags(into, snapshot, used)
    elif key.form == "condition":
        _condition(into, snapshot, document, place, here.offset)
    elif key.form == "codes":
        add_codes(into, snapshot, used, families=True)
    elif key.form in ("files", "path"):
        into.slot = _part(into.slot, place.start, here.offset, document)
        add_paths(into, snapshot, (document.folder if document.place == "aider/config" else "",), typed)
    else:
        for value, doc in key.values.items():
            standard = key.default.strip('`"') == value
            detail = f"{doc} · as without the key" if standard and doc and doc[:10] != "as without" else doc
            into.add(value, "value", detail=detail, bare=key.form in ("bool", "number") or into.slot.form == "block")


def _part(slot: Slot, start: int, offset: int, document: Document) -> Slot:
    """The slot of the part of a path that is typed: up to the next slash behind the cursor."""
    from driven.frozen import replace

    text = document.text
    end = max(start, offset)
    while end < slot.end and text[end] not in "/,":
        end += 1
    return replace(slot, start=start, end=end)


def _globs(
    into: Proposals, snapshot: Snapshot, document: Document, place: FrontPlace, key: KeyDoc, typed: str
) -> None:  # fmt: skip
    from driven.frozen import replace

    offset = place.start + len(typed)
    start = place.start
    several = place.kind == "value" and (key.form == "comma globs" or document.place == "driven/rule")
    if several:
        cut = _last_comma(typed)
        start += cut
        while start < offset and document.text[start] in " \t":
            start += 1
    slot = into.slot
    braces = _BRACES.search(typed)
    if braces:
        pieces = braces[1].split(",")
        begin = offset - len(pieces[-1])
        end = offset
        while end < slot.end and document.text[end].isalnum():
            end += 1
        into.slot = replace(slot, start=begin, end=end)
        into.incomplete = True
        add_endings(into, snapshot, pieces[:-1])
        return
    made = _part(slot, start, offset, document)
    if start > place.start or made.end < slot.end:  # what is around it says how it is quoted
        made = replace(
            made, form="body", head="" if start > place.start else slot.head, is_list=False,
            tail="" if slot.closed or made.end < slot.end else slot.quote,
        )  # fmt: skip
    elif key.form == "comma globs" and not slot.quote and "without" in key.takes:
        made = replace(made, form="body")  # bare, even where strict YAML would want quotes: see formats.md 1.3
    into.slot = made
    inside = made.end < slot.end and document.text[made.end] == "/"
    scope = document.scope if document.editor != "driven" else ""
    add_globs(into, snapshot, document.text[start:offset], scope, inside=inside)


def _last_comma(text: str) -> int:
    """Where the last of several globs begins: behind the last comma outside of braces."""
    depth = cut = 0
    for at, char in enumerate(text):
        depth += (char == "{") - (char == "}" and depth > 0)
        if char == "," and not depth:
            cut = at + 1
    return cut


def _editors(into: Proposals, snapshot: Snapshot, used: Sequence[str], typed: str) -> None:
    taken = {name.lstrip("-!") for name in used}
    enabled = set(snapshot.enabled)
    found = [(name, title) for name, title in editors_of(snapshot) if name not in taken]
    signs = ("!",) if typed[:1] == "!" else ("-",) if typed[:1] == "-" else ("", "-")
    for sign in signs:
        for name, title in found:
            off = "" if name in enabled else " · not enabled"
            into.add(
                sign + name, "editor", detail=f"every editor but {title}{off}" if sign else f"{title}{off}",
                data={"kind": "editor", "name": name},
            )  # fmt: skip


def _tags(into: Proposals, snapshot: Snapshot, used: Iterable[str]) -> None:
    from collections import Counter

    counts = Counter(tag for rule in snapshot.rules for tag in rule.tags)
    taken = set(used)
    for tag, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        if tag not in taken:
            into.add(tag, "value", detail=counted(count, "rule"))


def add_codes(
    into: Proposals, snapshot: Snapshot, used: Iterable[str], *, families: bool, first: Iterable[str] = ()
) -> None:
    """Codes of findings; `first`: those that are found here."""
    from driven.validation.catalogue import FAMILIES
    from driven.validation.own_codes import OWN_CODES

    taken = set(used)
    into.most = 400
    checks = snapshot.view.plugins.checks
    titles = {code: own.title for code, own in OWN_CODES.items() if code[:3] not in ("SYN", "DSK", "WCH", "IMP", "DRV")}
    titles |= {code: check.about.title for code, check in checks.items()}
    here = [code for code in dict.fromkeys(first) if code in titles]
    for code in (*here, *sorted(titles)):
        if code not in taken:
            detail = titles[code] + (" · found here" if code in here else "")
            into.add(code, "code", detail=detail, data={"kind": "code", "code": code})
    if families:
        for family in dict.fromkeys(code[:3] for code in titles):
            if family not in taken:
                into.add(family, "code", detail=f"all of: {FAMILIES.get(family, 'other plugins')}",
                         data={"kind": "code", "code": family})  # fmt: skip


def _condition(into: Proposals, snapshot: Snapshot, document: Document, place: FrontPlace, offset: int) -> None:
    """Functions, their arguments, and the words between them."""
    from driven.frozen import replace

    text = document.text
    typed = text[place.start : max(place.start, offset)]
    outer = into.slot.quote
    call = _CALL.search(typed)
    if call is None:
        word = _WORD.search(typed)
        start = place.start + (word.start() if word else len(typed))
        into.slot = replace(
            into.slot,
            start=start,
            end=max(start, offset),
            form="body",
            head=into.slot.head if start == place.start else "",
        )
        quote = "'" if outer == '"' else '"'
        inner = "''" if outer == "'" else quote
        inner = '"' if outer == "'" else inner
        for name, detail in (
            ("lang", "whether the project has files in a language"), ("files", "how many files a glob matches"),
        ):  # fmt: skip
            into.add(f"{name}(…)", "function", f"{name}({inner}{inner})", detail=detail, find=name,
                     snippet=f"{into.slot.head}{name}({inner}$1{inner})")  # fmt: skip
        for name in ("and", "or", "not", "in", "true", "false"):
            into.add(name, "value")
        return
    begin = place.start + call.start(3)
    inner = call[2]
    end = max(begin, offset)
    while inner and end < into.slot.end and text[end] not in "\"'()/":
        end += 1
    quote = inner or ("'" if outer == '"' else '"')
    ends = text[end : end + 1] == quote
    close = "" if inner and ends else quote
    into.slot = Slot(start=begin, end=end, form="body", head="" if inner else quote, tail=close)
    if call[1] == "lang":
        counts = dict(listing_of(snapshot).languages())
        from driven.format.languages import LANGUAGES

        for name in (*counts, *sorted(set(LANGUAGES) - set(counts))):
            into.add(name, "value", detail=counted(counts[name]) if name in counts else "no file")
        return
    add_globs(into, snapshot, call[3], inside=document.text[end : end + 1] == "/")
