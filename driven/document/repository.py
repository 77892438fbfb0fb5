"""All files of a project as repository checks see them. What a check asked for is noted: while the answers stay the
same, so do its findings, and it need not run again."""

from __future__ import annotations

from driven.core.globs import Glob
from driven.document.document import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Protocol, TypeVar

    from driven.model.rule import Rule

    T = TypeVar("T")

    class Disk(Protocol):
        """What the engine looks up when a check asks; paths are relative to the project, POSIX, inside it."""

        def files(self) -> Sequence[str]:
            """The project's files: those that git tracks or would, without git all outside of dot folders."""

        def tracked(self) -> frozenset[str]:
            """Those that are in git's index."""

        def kept(self, key: str, make: Callable[[Sequence[str]], T]) -> T:
            """What `make` says of the files, kept for as long as they are the same."""

        def exists(self, path: str) -> bool:
            """Whether a file or a folder stands there."""

        def read(self, path: str) -> str | None:
            """The text of a file of at most 1 MiB; None where there is none."""


class Repository:
    """The documents of a project and what surrounds them. `rules` are in effect order; without a `.driven/` there are
    none, and no editors."""

    def __init__(
        self, documents: Iterable[Document], disk: Disk, *, managed: bool = False, editors: Sequence[str] = (),
        rules: Sequence[Rule] = (), active: Mapping[str, bool] | None = None,
    ) -> None:  # fmt: skip
        self._documents = tuple(sorted(documents, key=lambda document: document.path))
        self._by_place: dict[str, list[Document]] = {}
        for document in self._documents:
            self._by_place.setdefault(document.place, []).append(document)
        self._by_path = {document.path: document for document in self._documents}
        self._disk = disk
        self._managed = managed
        self._editors = tuple(editors)
        self._rules = tuple(rules)
        self._active = dict(active or {})
        self._shared: dict[str, Any] = {}
        self._known: dict[tuple[str, str], Any] = {}
        self.asked: set[tuple[str, str]] = set()

    @property
    def managed(self) -> bool:
        """Whether there is a `.driven/`."""
        self.asked.add(("settings", ""))
        return self._managed

    @property
    def editors(self) -> tuple[str, ...]:
        """The names of the editors that driven writes for."""
        self.asked.add(("settings", ""))
        return self._editors

    def documents_of(self, question: str, about: str) -> Sequence[Document]:
        """The documents that a noted question was about."""
        if question == "documents":
            return self._documents
        if question == "place":
            return self._by_place.get(about, ())
        document = self._by_path.get(about)
        return () if document is None else (document,)

    @property
    def documents(self) -> tuple[Document, ...]:
        """All rule files, sorted by path."""
        self.asked.add(("documents", ""))
        return self._documents

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of `.driven/rules`, in effect order."""
        self.asked.add(("place", "driven/rule"))
        return self._rules

    @property
    def active(self) -> Mapping[str, bool]:
        """Rule id -> whether its condition holds, for rules that have one."""
        self.asked.add(("active", ""))
        return self._active

    def of(self, *places: str) -> list[Document]:
        """The documents of these places, sorted by path within each."""
        found: list[Document] = []
        for place in places:
            self.asked.add(("place", place))
            found += self._by_place.get(place, ())
        return found

    def document(self, path: str) -> Document | None:
        """The document at a path."""
        self.asked.add(("document", path))
        return self._by_path.get(path)

    @property
    def files(self) -> Sequence[str]:
        """Every file of the project that git tracks or would track."""
        self.asked.add(("listing", ""))
        return self._disk.files()

    @property
    def tracked(self) -> frozenset[str]:
        """The files in git's index; empty without git."""
        self.asked.add(("tracked", ""))
        return self._disk.tracked()

    def exists(self, path: str) -> bool:
        """Whether a file or folder of the project stands at `path`, ignored by git or not."""
        return self._answer("exists", path, self._disk.exists)

    def read(self, path: str) -> str | None:
        """The text of any file of the project (`package.json`), None where there is none."""
        document = self._by_path.get(path)
        if document is not None:
            self.asked.add(("document", path))
            return document.text
        return self._answer("read", path, self._disk.read)

    def matches(self, glob: Glob, folder: str = "") -> bool:
        """Whether a glob matches a file of the project, relative to `folder`."""
        prefix = folder + "/" if folder else ""
        return any(path.startswith(prefix) and glob.match(path[len(prefix) :]) for path in self.files)

    def shared(self, key: str, make: Callable[[], T]) -> T:
        """What several checks need, made once: `make` may ask this repository, and whoever uses it has asked it too."""
        known = self._shared.get(key)
        if known is None:
            before, self.asked = self.asked, set()
            try:
                known = (make(), self.asked)
            finally:
                self.asked = before
            self._shared[key] = known
        self.asked |= known[1]
        return known[0]

    def of_files(self, key: str, make: Callable[[Sequence[str]], T]) -> T:
        """What hangs on the list of files alone, made once and kept from look to look while that list stands."""
        self.asked.add(("listing", ""))
        return self._disk.kept(key, make)

    def _answer(self, question: str, path: str, ask: Callable[[str], T]) -> T:
        asked = (question, path)
        self.asked.add(asked)
        if asked not in self._known:
            self._known[asked] = ask(path)
        known: T = self._known[asked]
        return known
