"""Ask every check, and take away what a person silenced: the findings of a folder."""

from __future__ import annotations

from types import MappingProxyType

from driven.document.document import Document
from driven.document.repository import Repository
from driven.document.running import Runner
from driven.frozen import frozen, record
from driven.hookspecs import Check
from driven.model.diagnostic import Diagnostic
from driven.span import Span
from driven.validation.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from driven.validation.memory import Memory

    Progress = Callable[[str, int, int], None]
    """(what, done, total): called between the stages of long work."""


@frozen
class Choice:
    """Which findings are asked for. `select` and `ignore` hold codes or their beginnings (`CUR`, `GEN05`); `paths`
    (relative to the root, "" for all) the files and folders that findings are told of; `known` the baseline."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    known: Mapping[str, int] = MappingProxyType({})

    def is_inside(self, path: str) -> bool:
        """Whether findings in that file are asked for."""
        return not self.paths or any(not top or path == top or path.startswith(top + "/") for top in self.paths)

    @property
    def whole(self) -> bool:
        """Whether nothing was left out by hand."""
        return not self.select and not self.ignore

    def has(self, code: str) -> bool:
        """Whether findings of that code are told. The longer word wins: `--ignore CUR --select CUR03` tells CUR03."""
        best, wanted = 0, not self.select
        for words, verdict in ((self.select, True), (self.ignore, False)):
            for word in words:
                if code.startswith(word) and len(word) >= best:
                    best, wanted = len(word), verdict
        return wanted


@record
class Found:
    """What a validation found, before anything is silenced."""

    diagnostics: list[Diagnostic]
    documents: list[Document]
    folder: Folder


def look(
    folder: Folder,
    checks: Sequence[Check],
    choice: Choice,
    *,
    managed: Managed | None = None,
    memory: Memory | None = None,
    progress: Progress | None = None,
) -> Found:
    """Every finding of the chosen checks in a folder; with `memory`, only what changed is looked at."""
    documents = folder.documents()
    found: list[Diagnostic] = []
    broken_ones: list[Diagnostic] = []

    def broken(code: str, path: str, error: Exception) -> None:
        message = f"the check {code} failed: {type(error).__name__}: {error}".splitlines()[0]
        hint = "report it with the file; the other checks went on"
        broken_ones.append(
            Diagnostic(code="PLG11", severity="warning", message=message, span=Span(path=path), hint=hint)
        )

    runner = Runner([check for check in checks if choice.has(check.about.code)], broken)
    if managed is not None:
        documents = managed.marked(documents)
    else:
        documents = [document.marked(document.linked, [], (), None) for document in documents]
    folder.made = {document.path: document for document in documents}
    for number, document in enumerate(documents):
        if progress is not None and number % 64 == 0:
            progress("checking", number, len(documents))
        known = memory.of_file(document) if memory else None
        if known is None:
            known = runner.document(document)
            if memory:
                memory.keep_file(document, known)
        found += known
    repository = Repository(
        documents, folder, managed=managed is not None, editors=managed.editors if managed else (),
        rules=managed.rules if managed else (), active=managed.active if managed else {},
    )  # fmt: skip
    for check in runner.repository:
        if check.about.places and not any(repository.of(place) for place in check.about.places):
            continue
        kept = memory if not check.about.fresh else None
        known = kept.of_check(check.about.code, repository, folder) if kept else None
        if known is None:
            repository.asked = set()
            known = runner.of_repository(check, repository)
            if kept:
                kept.keep_check(check.about.code, known, repository, folder)
        found += known
    if memory and not broken_ones:
        memory.write()
    found = _once(found, documents)
    found += broken_ones
    found += unreadable(folder)
    return Found(diagnostics=found, documents=documents, folder=folder)


def _once(found: list[Diagnostic], documents: Iterable[Document]) -> list[Diagnostic]:
    """Without what is told of a link and of the file that it leads to."""
    linked = {document.path: document.linked for document in documents if document.linked}
    if not linked:
        return found
    told = {(d.span.path, d.code, d.span.line, d.span.column) for d in found}
    return [d for d in found if (linked.get(d.span.path), d.code, d.span.line, d.span.column) not in told]


def unreadable(folder: Folder) -> Iterable[Diagnostic]:
    """The files that could not be read."""
    for path, why in folder.problems:
        yield Diagnostic(
            code="TXT02", severity="error", message=f"`{path}` {why}", span=Span(path=path),
            hint="no check has seen it; an editor may not either",
        )  # fmt: skip


@record
class Managed:
    """What a project with a `.driven/` adds: its rules, and what driven wrote."""

    editors: tuple[str, ...]
    rules: tuple[Rule, ...]
    active: dict[str, bool]
    outputs: frozenset[str]  # whole files that stand as driven wrote them, or would
    origins: dict[str, tuple[str, ...]]  # of each whole file, as it stands or edited, the files of its rules

    def marked(self, documents: Iterable[Document]) -> list[Document]:
        """The documents, each with what is ours in it, and where that comes from."""
        from driven.format.sections import blocks_of

        by_path = {rule.span.path: rule for rule in self.rules}
        found = []
        for document in documents:
            path = document.path
            ours: list[tuple[int, int]] = []
            if path in self.outputs:
                ours = [(0, len(document.text) + 1)]
            elif "driven:begin" in document.text:
                ours = blocks_of(document.text)
            found.append(document.marked(document.linked, ours, self.origins.get(path, ()), by_path.get(path)))
        return found


if TYPE_CHECKING:
    from driven.model.rule import Rule
