"""What the words of documents are looked up in: rules, files, folders; kept while no file comes or goes."""

from __future__ import annotations

from bisect import bisect_left

from driven.format.text import rule_id_for
from driven.project.sources import RULES
from driven_lsp.paths import bases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driven.document.document import Document
    from driven_lsp.mentions import Mention
    from driven_lsp.snapshot import Snapshot

NOT_COPIES = frozenset(("driven/rule", "driven/config", "aider/config"))  # no text of a rule stands in these


class World:
    """What mentions are looked up in. Snapshots share it for as long as no file comes or goes."""

    def __init__(self, snapshot: Snapshot, files: Sequence[str]) -> None:
        self.documents = snapshot.view.documents
        self.plugins = snapshot.view.plugins
        self.managed = snapshot.view.is_managed
        self.files = files
        self.ids: dict[str, str] = {}
        for path in self.documents:
            if path.startswith(RULES + "/") and path.endswith(".md"):
                self.ids.setdefault(rule_id_for(path[len(RULES) + 1 :]), path)
        for rule in snapshot.rules:
            self.ids[rule.id] = rule.span.path or f"{RULES}/{rule.id}.md"
        self.paths = {path: rule_id for rule_id, path in self.ids.items()}
        self.tops = {rule_id.rpartition("/")[0] for rule_id in self.ids if "/" in rule_id}
        self.ours: frozenset[str] | None = None
        self.known: dict[str, bool] = {}
        self.found: dict[tuple[Sequence[str], str, bool], tuple[str, bool, bool]] = {}
        self.loose: set[str] = set()  # paths that neither list holds: the disk was asked
        self.asked = False  # whether one of them was looked up
        self.mentions: dict[str, tuple[Document, list[Mention], bool]] = {}
        self.copied: dict[str, tuple[Document, Callable[[int], Sequence[str]] | None]] = {}

    def fits(self, snapshot: Snapshot, files: Sequence[str]) -> bool:
        """Whether a snapshot would find the same; what was asked of the disk is forgotten when a new look was taken."""
        view = snapshot.view
        if view.documents is self.documents and files is self.files:
            return True
        if files is not self.files or view.plugins is not self.plugins or view.is_managed != self.managed:
            return False
        if view.documents.keys() != self.documents.keys():
            return False
        self.documents = view.documents
        self.ours = None
        for path, (_, copied) in self.copied.items():  # which rules are in it may be another matter now
            if copied is not None:
                self.mentions.pop(path, None)
        self.copied = {}
        if self.loose:
            self.known = {path: there for path, there in self.known.items() if path not in self.loose}
            self.found = {at: found for at, found in self.found.items() if not found[2]}
            self.mentions = {path: kept for path, kept in self.mentions.items() if not kept[2]}
            self.loose = set()
        return True

    def exists(self, snapshot: Snapshot, path: str) -> bool:
        """Whether a file or folder is there."""
        known = self.known.get(path)
        if known is None:
            known = _holds(self.files, path) or path in snapshot.view.documents
            if not known:
                self.loose.add(path)
                known = snapshot.document(path) is not None
            self.known[path] = known
        self.asked = self.asked or path in self.loose
        return known

    def is_folder(self, path: str) -> bool:
        """Whether files stand below it."""
        at = bisect_left(self.files, path + "/")
        return at < len(self.files) and self.files[at].startswith(path + "/")

    def near(self, snapshot: Snapshot, document: Document, kind: str, head: str, at: int) -> Sequence[str]:
        """The folders that a path at an offset may count from; of text that was copied, first those of its rule."""
        own = bases(document, kind, head, at)
        if head or kind == "import" or at < document.body_start or document.place in NOT_COPIES:
            return own
        known, copied = self.copied.get(document.path, (None, None))
        if known is not document:
            from driven_lsp.copied import copied_from

            copied = copied_from(snapshot, document)
            self.copied[document.path] = (document, copied)
        first = copied(at) if copied is not None else ()
        return (*first, *own) if first else own

    def written(self, snapshot: Snapshot) -> frozenset[str]:
        """The files that driven writes from the first byte to the last, or but for other tools' sections."""
        if self.ours is None:
            from driven.model.artefact import Outside, WholeFile

            pieces = snapshot.view.emitted.pieces if snapshot.view.emitted is not None else ()
            whole = (WholeFile, Outside)
            self.ours = frozenset(p.artefact.path for p in pieces if isinstance(p.artefact.ownership, whole))
        return self.ours


def _holds(files: Sequence[str], path: str) -> bool:
    """Whether sorted `files` hold a path or something below it."""
    at = bisect_left(files, path)
    if at < len(files) and (files[at] == path or files[at].startswith(path + "/")):
        return True
    at = bisect_left(files, path + "/", at)
    return at < len(files) and files[at].startswith(path + "/")
