"""Proposals in `.driven/config.toml`: tables, keys, editors, their options, codes of findings."""

from __future__ import annotations

from driven.frozen import replace
from driven_lsp import keys
from driven_lsp.features.completion_front import add_codes, add_keys, add_values, editors_of
from driven_lsp.features.completion_globs import add_globs
from driven_lsp.features.completion_kit import Proposals, slot_of
from driven_lsp.keys import KeyDoc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from driven.document.document import Document
    from driven_lsp.front_place import FrontPlace
    from driven_lsp.snapshot import Snapshot
    from driven_lsp.values import Here

TABLES = ("editors", "sync", "validate", "validate.per_path_ignores")


def complete_config(here: Here, document: Document, place: FrontPlace) -> Proposals:
    """What may stand at a place of the configuration."""
    snapshot = here.snapshot
    into = Proposals(slot_of(document, place))
    if place.is_table:
        _heads(into, snapshot, place)
    elif place.kind in ("key", "blank"):
        if place.path == ("validate", "per_path_ignores"):
            into.slot = replace(into.slot, tail="" if _has_sign(document, place) else " = ")
            add_globs(into, snapshot, document.text[place.start : here.offset])
            return into
        if not place.path:
            _tables(into, document, place)
        add_keys(into, document, place, known_at(snapshot, place.path))
        if place.path == ("editors",):
            _whole_editors(into, snapshot, document, place)
    elif place.path[-1:] == ("per_path_ignores",):
        into = Proposals(slot_of(document, place, is_list=True))
        add_codes(into, snapshot, place.used if place.in_list else (), families=True)
    else:
        key = known_at(snapshot, place.path).get(place.key)
        if key is not None:
            into = Proposals(slot_of(document, place, is_list=key.form == "codes" and not place.in_list))
            add_values(into, here, document, place, key, place.used if place.in_list else ())
    return into


def known_at(snapshot: Snapshot, path: tuple[str, ...]) -> Mapping[str, KeyDoc]:
    """The keys of a table."""
    if path == ("editors",):
        return {name: keys.editor_key(name, title) for name, title in editors_of(snapshot)}
    if path[:1] == ("editors",) and len(path) == 2:
        target = snapshot.targets.get(path[1])
        if target is None:
            return {}
        return {
            name: keys.option_key(name, target.title, target.options[name], choices)
            for name, choices in target.allowed.items()
        }
    return keys.config_keys(path)


def _heads(into: Proposals, snapshot: Snapshot, place: FrontPlace) -> None:
    """The names of tables, in their brackets."""
    if not place.path:
        for name in ("editors", "sync", "validate"):
            if name not in place.used:
                into.add(name, "key", raw=True, detail=keys.CONFIG_KEYS[""][name].doc, data=_data((), name))
    elif place.path == ("editors",):
        for name, title in editors_of(snapshot):
            if name not in place.used and snapshot.targets[name].options:
                into.add(name, "editor", raw=True, detail=title, data={"kind": "editor", "name": name})
    elif place.path == ("validate",) and "per_path_ignores" not in place.used:
        name = "per_path_ignores"
        into.add(name, "key", raw=True, detail=keys.CONFIG_KEYS["validate"][name].doc, data=_data(place.path, name))


def _tables(into: Proposals, document: Document, place: FrontPlace) -> None:
    """Whole heads of tables, at the top."""
    if _has_sign(document, place):
        return
    for name in TABLES:
        path = tuple(name.split("."))
        if path[0] in place.used and len(path) == 1:
            continue
        doc = keys.config_keys(path[:-1])[path[-1]].doc
        into.add(
            f"[{name}]", "snippet", f"[{name}]\n", raw=True, detail=doc, find=name, data=_data(path[:-1], path[-1])
        )


def _has_sign(document: Document, place: FrontPlace) -> bool:
    return place.kind == "key" and document.text[place.end : place.end + 3].lstrip("\"' \t")[:1] == "="


def _whole_editors(into: Proposals, snapshot: Snapshot, document: Document, place: FrontPlace) -> None:
    """`cursor = true` in one go is what [editors] mostly holds."""
    if _has_sign(document, place):
        return
    into.items = [
        replace(
            item, insert=f"{item.label} = true", snippet=f"{item.label} = ${{1:true}}", kind="editor",
            detail=snapshot.targets[item.label].title, data={"kind": "editor", "name": item.label},
        )
        for item in into.items
    ]  # fmt: skip


def _data(path: tuple[str, ...], name: str) -> dict[str, object]:
    return {"kind": "key", "place": "driven/config", "path": list(path), "name": name}
