"""Which templates there are: the project's own, those of packs that were accepted, those of plugins, in this order."""

from __future__ import annotations

import os

from driven.errors import DrivenError, SourceError, UsageError
from driven.format.text import rule_id_for
from driven.format.words import shown
from driven.frozen import frozen
from driven.fusion.shelf import MAX_BYTES, MAX_COMPILED, MAX_NAME, NAMED, TemplateFolder, is_name
from driven.fusion.template import UNLISTED, Template, parse_template
from driven.grammar.suggest import nearest
from driven.model.diagnostic import Diagnostic, of_error
from driven.project.ledger import PACKS
from driven.project.packs import Pack, pack_names, read_pack, revoked_keys, unaccepted
from driven.project.pins import read_pins
from driven.project.reading import read_file
from driven.project.sources import RULES
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from driven.hookspecs import TemplateShelf
    from driven.model.diagnostic import Severity
    from driven.registry import Registry

FOLDER = ".driven/templates"  # a project's own
PROJECT = "project"
MAX_FILES = 100_000  # rule files
MOST_LEFT = 20  # told of what is not looked at
_INSIDE = "templates/"  # of a pack


@frozen(kw_only=False)
class PackShelf:
    """The templates of an accepted pack, each from the very bytes that its manifest names."""

    name: str
    root: str
    pack: Pack

    def names(self) -> list[str]:
        """See `TemplateShelf.names`."""
        paths = [path[len(_INSIDE) : -3] for path in self.pack.files if path.startswith(_INSIDE) and path[-3:] == ".md"]
        return sorted(filter(is_name, paths))

    def read(self, name: str) -> bytes:
        """See `TemplateShelf.read`."""
        data = self._read(f"{_INSIDE}{name}.md", MAX_BYTES)
        if data is None:
            path = f"{self.pack.folder}/{_INSIDE}{name}.md"
            raise SourceError(
                f"`{path}` is not as it was accepted", hint=f"`driven pack show {self.pack.name}` says more"
            )
        return data

    def compiled(self, name: str) -> bytes | None:
        """See `TemplateShelf.compiled`."""
        return self._read(f"{_INSIDE}{name}.dtm", MAX_COMPILED)

    def _read(self, path: str, cap: int) -> bytes | None:
        from hashlib import sha256

        wanted = self.pack.files.get(path)
        if wanted is None:
            return None
        try:
            data = read_file(os.path.join(self.root, self.pack.folder, path), cap)[0]
        except OSError:
            return None
        return data if sha256(data).hexdigest() == wanted else None


class Library:
    """Every template that can be used in a project. A broken one is a finding, and the others live on."""

    def __init__(self, root: str, plugins: Registry) -> None:
        """`root`: of the project, or the folder that might become one."""
        self.root = root
        self.diagnostics: list[Diagnostic] = []
        self._taken = {PROJECT, *plugins.templates}
        self.shelves: list[TemplateShelf] = [*self._project(), *self._packs(), *plugins.templates.values()]
        self._templates: dict[tuple[str, str], Template | DrivenError] = {}
        self._names: dict[str, dict[str, None]] = {}  # shelf -> its names
        for shelf in self.shelves:
            try:
                self._names[shelf.name] = dict.fromkeys(name for name in shelf.names() if is_name(name))
            except DrivenError as error:
                self.diagnostics += of_error(error)
                self._names[shelf.name] = {}

    def _project(self) -> list[TemplateShelf]:
        folder = os.path.join(self.root, FOLDER)
        if os.path.islink(folder):
            self._link(FOLDER)
            return []
        if not os.path.isdir(folder):
            return []
        shelf = TemplateFolder(PROJECT, folder)
        shelf.names()
        for odd in shelf.odd:
            message = f"`{shown(odd)}` is no name of a template"
            self._tell("TPL04", message, f"{FOLDER}/{odd}.md", f"rename the file: {NAMED}")
        for link in shelf.links:
            self._link(f"{FOLDER}/{link}")
        for path, why in shelf.left[:MOST_LEFT]:
            hint = "move it up, or some of them into a pack"
            self._tell("TPL04", f"`{shown(path)}` is not looked at: {why}", f"{FOLDER}/{path}", hint)
        return [shelf]

    def _link(self, path: str) -> None:
        hint = "put what it leads to in its place; a pack brings templates to several projects"
        self._tell("TPL04", f"`{shown(path)}` is a link, and none is followed", path, hint, "warning")

    def _packs(self) -> list[TemplateShelf]:
        found: list[TemplateShelf] = []
        try:
            names = pack_names(self.root)
            pins, revoked = (read_pins(self.root), revoked_keys(self.root)) if names else ({}, {})
        except DrivenError as error:
            self.diagnostics += of_error(error)
            return []
        for name in names:
            if not os.path.isdir(os.path.join(self.root, PACKS, name, "templates")):
                continue
            made = read_pack(self.root, name, rules=False)
            wrong = unaccepted(made, pins.get(name), revoked)
            if wrong is None:
                found.append(PackShelf(f"{name}-pack" if name in self._taken else name, self.root, made))
            else:
                message = f"its templates are not offered: {wrong.message}"
                self._tell(wrong.code, message, f"{PACKS}/{name}/pack.toml", wrong.hint, "warning")
        return found

    def _tell(self, code: str, message: str, path: str, hint: str, severity: Severity = "error") -> None:
        place = Span(path=path)
        self.diagnostics.append(Diagnostic(code=code, severity=severity, message=message, span=place, hint=hint))

    def own(self) -> list[str]:
        """Those of the project, sorted, with what others include and extend; also broken ones, for nothing is read."""
        return [f"{PROJECT}:{name}" for name in sorted(self._names.get(PROJECT, ()))]

    def names(self) -> list[str]:
        """Those that are offered, sorted; also broken ones, for nothing is read."""
        found = {name for names in self._names.values() for name in names}
        return sorted(name for name in found if not name.startswith(UNLISTED))

    def all(self) -> list[Template]:
        """Those that are offered, by kind and name. What is wrong with the others is in `diagnostics`."""
        found: list[Template] = []
        for name in self.names():
            shelf = self._shelf_of(name)
            made = self._read(shelf, name) if shelf is not None else None
            if isinstance(made, Template):
                found.append(made)
        return sorted(found, key=lambda one: (one.kind, one.name))

    def find(self, name: str, near: str = "", *, part: bool = False) -> Template:
        """One by name, or by `ORIGIN:NAME`. `near`: the origin that is asked first; `part`: it is one that another
        includes or extends. UsageError where there is none, SourceError for one that is broken."""
        shelf, bare = self.locate(name, near, part=part)
        made = self._read(shelf, bare)
        if isinstance(made, DrivenError):
            raise made
        return made

    def locate(self, name: str, near: str = "", *, part: bool = False) -> tuple[TemplateShelf, str]:
        """The shelf that has it, and its name there: see `find`. Nothing is read."""
        origin, colon, bare = name.partition(":")
        shelf = self._shelf_of(bare if colon else name, origin if colon else "", near)
        if shelf is None and "/" not in name and not colon:  # people leave the kind out
            ends = [one for one in self.names() if one.rpartition("/")[2] == name]
            if len(ends) == 1:
                return self.locate(ends[0], near)
            if ends:
                listed = "`, `".join(ends[:5])
                raise UsageError(f"several templates end in `{shown(name)}`", hint=f"name one: `{listed}`")
        if shelf is not None:
            return shelf, bare if colon else name
        known = self.names()
        if colon:
            known = [f"{shelf}:{one}" for shelf, names in self._names.items() for one in names]
        elif part:
            known = sorted({one for names in self._names.values() for one in names})
        meant = nearest(name, known) or _by_last(name, known) or self._by_words(name)
        hint = f"did you mean `{meant}`?" if meant else "`driven template list` shows them"
        raise UsageError(f"there is no template `{shown(name)}`", hint=hint)

    def _by_words(self, name: str) -> str:
        """Those that a search finds by every word of a name: people know a subject by another word than we."""
        from driven.templating.searching import search

        words = name.rpartition("/")[2].split("-") if len(name) <= MAX_NAME else []
        found = search(self.all(), " ".join(words))
        per_word = [{one.name for one in search(found, word)} for word in words]
        return "` or `".join([one.name for one in found if all(one.name in names for names in per_word)][:3])

    def compiled(self, template: Template) -> bytes | None:
        """What its shelf has of it compiled. Of the project's own nothing is taken: people look through the text, and
        nobody has signed that the bytes beside it are the same."""
        if template.origin == PROJECT:
            return None
        for shelf in self.shelves:
            if shelf.name == template.origin:
                return shelf.compiled(template.name)
        return None

    def _shelf_of(self, name: str, origin: str = "", near: str = "") -> TemplateShelf | None:
        ordered = sorted(self.shelves, key=lambda shelf: shelf.name != near) if near else self.shelves
        for shelf in ordered:
            if name in self._names[shelf.name] and origin in ("", shelf.name):
                return shelf
        return None

    def _read(self, shelf: TemplateShelf, name: str) -> Template | DrivenError:
        known = self._templates.get((shelf.name, name))
        if known is not None:
            return known
        made: Template | DrivenError | None
        try:
            made, found = parse_template(
                shelf.read(name), path=path_of(shelf, name), name=name, origin=shelf.name
            )  # fmt: skip
        except DrivenError as error:
            made, found = error, of_error(error)
        self.diagnostics += found
        if made is None:
            first, *more = [
                SourceError(f"the template `{name}`: {one.message}", hint=one.hint, span=one.span)
                for one in found if one.severity == "error"
            ]  # fmt: skip
            first.more = tuple(more)
            made = first
        self._templates[shelf.name, name] = made
        return made


def path_of(shelf: TemplateShelf, name: str) -> str:
    """What findings name: a path of the project, or the origin and the file."""
    if shelf.name == PROJECT:
        return f"{FOLDER}/{name}.md"
    return f"{shelf.pack.folder}/{_INSIDE}{name}.md" if isinstance(shelf, PackShelf) else f"{shelf.name}:{name}.md"


def _by_last(name: str, known: list[str]) -> str:
    """The one whose last part is that word, or is near to it: people leave the kind out."""
    lasts: dict[str, str] = {}
    for one in known:
        lasts.setdefault(one.rpartition("/")[2], one)
    return lasts.get(nearest(name.rpartition("/")[2], lasts), "")


def standing_ids(root: str) -> dict[str, str]:
    """Rule id -> path of the file that gives it, told by the names alone."""
    return dict(_ids(root))


def _ids(root: str) -> Iterator[tuple[str, str]]:
    top = os.path.join(root, RULES)
    left = MAX_FILES
    for base, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(".md") and name[0] != "." and left:
                left -= 1
                path = os.path.relpath(os.path.join(base, name), top).replace(os.sep, "/")
                if rule_id := rule_id_for(path):
                    yield rule_id, f"{RULES}/{path}"
