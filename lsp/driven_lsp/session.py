"""What one client has open: its folders, its documents, its settings. Which root a path belongs to is decided here."""

from __future__ import annotations

import os

from driven.document.paths import folders
from driven.document.places import place_of
from driven.frozen import field, frozen, record
from driven.project.config import CONFIG
from driven_lsp.root import Open, Pools, Root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from driven_lsp.texts import Text


@frozen
class Settings:
    """What a client may set (section `driven`)."""

    sync_on_save: bool = True
    code_lens: bool = True
    inlay_hints: bool = True
    workspace_diagnostics: bool = True


_KEYS = {
    ("sync", "onSave"): "sync_on_save",
    ("codeLens", "enable"): "code_lens",
    ("inlayHints", "enable"): "inlay_hints",
    ("diagnostics", "workspace"): "workspace_diagnostics",
}


def settings_of(raw: object) -> Settings:
    """The settings in what a client sent: the section itself, or an object that holds it; both nested
    (`{"sync": {"onSave": false}}`) and flat (`{"sync.onSave": false}`). What is missing or no bool is the default."""
    if isinstance(raw, dict) and isinstance(raw.get("driven"), dict):
        raw = raw["driven"]
    given: dict[str, bool] = {}
    for (section, name), ours in _KEYS.items():
        table = raw.get(section) if isinstance(raw, dict) else None
        value = table.get(name) if isinstance(table, dict) else None
        if value is None and isinstance(raw, dict):
            value = raw.get(f"{section}.{name}", raw.get(f"driven.{section}.{name}"))
        if isinstance(value, bool):
            given[ours] = value
    return Settings(**given)


@record
class Session:
    """Roots by path. `folders` are the client's workspace folders (absolute paths), none where it has none."""

    changed: Callable[[Root], None]
    trusted: bool = True
    folders: list[str] = field(default_factory=list)
    roots: dict[str, Root] = field(default_factory=dict)
    settings: Settings = Settings()
    pools: Pools = field(default_factory=Pools.make)
    documents: dict[str, tuple[Root, str]] = field(default_factory=dict)  # key of its URI -> root and path, open ones
    leaving: set[str] = field(default_factory=set)  # roots of no folder any more, in which something is still open

    def add_folders(self, paths: Iterable[str]) -> None:
        """Folders of the workspace. The project that each one is, or lies in, is looked at."""
        for given in paths:
            path = os.path.normpath(given)
            if os.path.isabs(path) and path not in self.folders and os.path.isdir(path):
                self.folders.append(path)
                root = self._root(self._nearest(path, "/") or path)
                self.leaving.discard(root.path)

    def remove_folders(self, paths: Iterable[str]) -> None:
        """Folders that are no longer part of the workspace: their roots go, those in which something is open when it is
        closed."""
        gone = {os.path.normpath(path) for path in paths if path}
        self.folders = [path for path in self.folders if path not in gone]
        for path in list(self.roots):
            if not any(self._is_of(path, folder) for folder in self.folders):
                self.leaving.add(path)
                self._leave(path)

    def _leave(self, path: str) -> None:
        """Forget a root that belongs to no folder, unless something is open in it."""
        root = self.roots.get(path)
        if root is not None and path in self.leaving and not root.open:
            self.leaving.discard(path)
            del self.roots[path]
            root.close()
            self.changed(root)

    def owns(self, root: Root) -> Callable[[str], bool]:
        """Whether a path below a root is its own, and not one of a root that lies inside it."""
        top = os.path.join(root.path, "")
        inside = tuple(f"{path[len(top) :]}/" for path in self.roots if path.startswith(top) and path != root.path)
        return lambda path: not path.startswith(inside)

    def root_of(self, path: str) -> Root | None:
        """The root of an absolute path: the nearest folder with a `.driven`, else the workspace folder that holds it,
        else, for a file alone, the nearest folder with a `.git`. None where there is none: nothing is looked at."""
        folder = os.path.dirname(path)
        within = [top for top in self.folders if path.startswith(os.path.join(top, ""))]
        project = self._nearest(folder, "/")
        if project:
            return self._root(project)
        if within:
            return self._root(max(within, key=len))
        git = self._nearest(folder, "/", ".git")
        return self._root(git) if git and git != os.path.expanduser("~") else None

    def relative(self, path: str) -> tuple[Root, str] | None:
        """The root of an absolute path, and the path below it, POSIX."""
        try:
            os.fsencode(path)
        except UnicodeEncodeError:
            return None  # half of a letter: no file has such a name
        root = self.root_of(path)
        if root is None or not path.startswith(os.path.join(root.path, "")):
            return None
        return root, path[len(os.path.join(root.path, "")) :].replace(os.sep, "/")

    def put(self, key: str, path: str, text: Text, uri: str = "") -> tuple[Root, str] | None:
        """A document was opened or edited; None for one that is no rule file, which is not kept. `uri` is as the client
        writes it, `key` the same for all its spellings."""
        known = self.documents.get(key)
        if known is None:
            known = self.relative(path)
            if known is None or not _is_wanted(known[0], known[1]):
                return None
            self.documents[key] = known
        known[0].put(Open(uri or key, known[1], text))
        return known

    def drop(self, key: str) -> tuple[Root, str] | None:
        """A document was closed."""
        known = self.documents.pop(key, None)
        if known is not None:
            known[0].drop(known[1])
            self._leave(known[0].path)
        return known

    def settle(self) -> bool:
        """Look anew where each folder and each open document belongs: a `.driven` may have come or gone. Whether a root
        has come, gone, or got a document of another one."""
        before = set(self.roots)
        kept = {self._root(self._nearest(folder, "/") or folder).path for folder in self.folders}
        moved = False
        for key, (root, path) in list(self.documents.items()):
            found = self.relative(os.path.join(root.path, path))
            if found is not None and found[0] is not root:
                root.move(path, *found)
                self.documents[key] = found
                moved = True
                self._leave(root.path)
        for root in list(self.roots.values()):
            others = [path for path in (*self.roots, *self.folders) if path != root.path]
            near = [path for path in others if _holds(path, root.path) or _holds(root.path, path)]
            if root.open or root.path in kept or root.is_managed or not near:
                continue
            del self.roots[root.path]  # its files are those of the root around it, or of none
            root.close()
            self.changed(root)
            for path in self.roots.keys() & near:
                self.roots[path].on_disk()
        for path in self.roots.keys() - before:
            self.roots[path].soon(0)
        return moved or before != self.roots.keys()

    def beginnings(self, root: Root) -> list[str]:
        """The paths below `root` that make a project of a folder in which something is open."""
        tops = {top for path in root.open for top in folders(path.rpartition("/")[0]) if top}
        return [f"{top}/{CONFIG}" for top in tops]

    def configure(self, raw: object) -> None:
        """Take settings in."""
        self.settings = settings_of(raw)

    def _root(self, path: str) -> Root:
        root = self.roots.get(path)
        if root is None:
            root = self.roots[path] = Root(path, self.pools, self.changed, trusted=self.trusted)
        return root

    @staticmethod
    def _nearest(folder: str, top: str, name: str = ".driven") -> str:
        """The nearest folder at or above `folder` that holds `name`, "" for none."""
        while True:
            if os.path.isdir(os.path.join(folder, name)) or (name == ".git" and os.path.exists(f"{folder}/.git")):
                return folder
            above = os.path.dirname(folder)
            if above == folder or folder == top:
                return ""
            folder = above

    def _is_of(self, root: str, folder: str) -> bool:
        """Whether a root belongs to a workspace folder: it lies in it, or holds it."""
        inside = os.path.join(folder, "")
        return root == folder or root.startswith(inside) or folder.startswith(os.path.join(root, ""))


def _holds(folder: str, path: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _is_wanted(root: Root, path: str) -> bool:
    """Whether a document is a rule file: by its name, or because a plugin's check or driven itself knows it."""
    if place_of(path):
        return True
    view = root.view
    if view is None:
        return False
    return (
        path in view.documents or path in {piece.artefact.path for piece in view.emitted.pieces}
        if view.emitted
        else False
    )


def argument(raw: Mapping[str, Any], name: str) -> str:
    """A text in what a client sent, "" where there is none."""
    value = raw.get(name)
    return value if isinstance(value, str) else ""
