"""textDocument/codeAction: repairs of findings, ways to silence or explain them, rules that are missing, refactors, and
what there is to decide about an editor's file."""

from __future__ import annotations

from driven_lsp.conflicts import CODE as CONFLICT
from driven_lsp.conflicts import ways
from driven_lsp.values import Action, Command, Edit, Edits, Here, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from driven.document.document import Document
    from driven.model.diagnostic import Diagnostic, Fix
    from driven.validation.repairs import Cut
    from driven_lsp.snapshot import Snapshot

FIX_ALL = "source.fixAll.driven"
KINDS = ("quickfix", FIX_ALL, "refactor", "refactor.extract", "refactor.rewrite")
MOST = 20  # findings of one place that are acted on


def actions(here: Here, told: Sequence[Diagnostic], only: Sequence[str]) -> list[Action]:
    """What can be done here. `told`: the findings that the client shows at this place (none: those of its lines);
    `only`: the kinds that are wanted, with all below them, none for every kind."""
    document = here.snapshot.document(here.path)
    if document is None:
        return []
    found: list[Action] = []
    if _wants(only, "quickfix"):
        known = _known(here, document, told)
        found += _repairs(here, document, known)
        found += _missing(here, document, known)
        found += _conflicts(here, told)
        found += _silencing(here, document, known)
    if _wants(only, "refactor", "refactor.extract", "refactor.rewrite"):
        from driven_lsp.refactors import refactors

        found += refactors(here, document)
        found += _taking_in(here, document)
    if _wants(only, FIX_ALL):
        found += _fix_all(here, document)
    return [action for action in found if _wants(only, action.kind)]


def the_one(found: Sequence[Action]) -> list[Action]:
    """What may be done without a question: the safe repair; where there is none, the finding is explained."""
    explains = (one for one in found if one.command is not None and one.command.name == "driven.explainCode")
    one = next((one for one in found if one.preferred), None) or next(explains, None)
    return [one] if one is not None else []


def _wants(only: Sequence[str], *kinds: str) -> bool:
    return not only or any(
        kind == wanted or kind.startswith(wanted + ".") or not wanted for kind in kinds for wanted in only
    )


def _known(here: Here, document: Document, told: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings as the snapshot has them: what comes back from a client may have lost its repair."""
    mine = here.snapshot.told(here.path)
    if not told:
        first, last = sorted((here.offset, here.end or here.offset))
        lines = range(document.line_of(first), document.line_of(last) + 1)
        return [one for one in mine if any(one.span.line <= n <= (one.span.end_line or one.span.line) for n in lines)][
            :MOST
        ]
    by_place = {(one.code, one.span.line, one.span.column): one for one in mine}
    return [by_place.get((one.code, one.span.line, one.span.column), one) for one in told[:MOST]]


def _edits(path: str, cuts: Sequence[Cut]) -> tuple[Edit, ...]:
    return tuple(Edit(place=Place(path=path, start=start, end=end), text=text) for start, end, text in cuts)


# Repairs


def _repairs(here: Here, document: Document, told: Sequence[Diagnostic]) -> Iterator[Action]:
    """Each finding's repair, the safe ones first, and all repairs of its code in the file."""
    with_fix = [(one, one.fix) for one in told if one.fix is not None and _is_possible(here, document, one.fix)]
    seen: set[tuple[str, tuple[Cut, ...]]] = set()
    for one, fix in sorted(with_fix, key=lambda pair: not pair[1].safe):
        cuts = _cuts(document, fix)
        if (fix.title, cuts) in seen:
            continue
        seen.add((fix.title, cuts))
        renames = ((here.path, fix.rename),) if fix.rename else ()
        yield Action(
            title=_titled(fix.title, fix.safe), kind="quickfix", repairs=(one,), preferred=fix.safe,
            edits=Edits(edits=_edits(here.path, cuts), renames=renames),
        )  # fmt: skip
    for code, safe in dict.fromkeys((one.code, fix.safe) for one, fix in with_fix):
        done, all_cuts = _composed(here, document, safe, code)
        if len(done) > 1:
            yield Action(
                title=_titled(f"Fix all {len(done)} findings of {code} in this file", safe), kind="quickfix",
                edits=Edits(edits=_edits(here.path, all_cuts)), repairs=tuple(done),
            )  # fmt: skip


def _fix_all(here: Here, document: Document) -> Iterator[Action]:
    """All safe repairs of the file. One that renames it is left to a person: a file that is saved must not move."""
    done, cuts = _composed(here, document, True)
    if done:
        title = f"Fix {len(done)} finding{'s' if len(done) > 1 else ''} of driven that can be fixed safely"
        yield Action(title=title, kind=FIX_ALL, edits=Edits(edits=_edits(here.path, cuts)), repairs=tuple(done))


def _composed(
    here: Here, document: Document, safe: bool, code: str = "", *, unsafe: bool = False
) -> tuple[list[Diagnostic], list[Cut]]:  # fmt: skip
    """The repairs of the file that go together, of one code or of all, and their edits. `unsafe`: the others too."""
    from driven.validation.repairs import compose

    if document.broken >= 0:
        return [], []
    mine = [(one, one.fix) for one in here.snapshot.told(here.path) if one.fix is not None and not one.fix.rename]
    return compose(
        document, [(one, fix) for one, fix in mine if (unsafe or fix.safe == safe) and code in ("", one.code)]
    )


def fix_all(snapshot: Snapshot, paths: Iterable[str], *, unsafe: bool = False) -> tuple[Edits, int, int]:
    """Every safe repair (with `unsafe` every one) of those files that goes with the others, renames too; how many
    findings stay, and how many of these have a repair that is not safe."""
    edits: list[Edit] = []
    renames: dict[str, str] = {}
    left = waiting = 0
    for path in paths:
        told = snapshot.told(path)
        document = snapshot.document(path)
        if document is None or document.broken >= 0:
            left += len(told)
            continue
        here = Here(snapshot=snapshot, path=path)
        done, cuts = _composed(here, document, True, unsafe=unsafe)
        moves = [
            one for one in told
            if one.fix is not None and one.fix.rename and (one.fix.safe or unsafe) and not one.fix.edits
            and one.fix.rename not in renames.values() and _is_possible(here, document, one.fix)
        ]  # fmt: skip
        if moves and moves[0].fix is not None:
            renames[path] = moves[0].fix.rename
            done += [one for one in moves if one.fix is not None and one.fix.rename == renames[path]]
        edits += _edits(path, cuts)
        left += len(told) - len(done)
        waiting += sum(one.fix is not None and not one.fix.safe and one not in done for one in told)
    return Edits(edits=tuple(edits), renames=tuple(renames.items())), left, waiting


def _is_possible(here: Here, document: Document, fix: Fix) -> bool:
    from driven.validation.repairs import is_free

    if document.broken >= 0 or not (fix.edits or fix.rename):
        return False
    return not fix.rename or (
        is_free(here.snapshot.root, {}, fix.rename) and here.snapshot.document(fix.rename) is None
    )


def _cuts(document: Document, fix: Fix) -> tuple[Cut, ...]:
    from driven.validation.repairs import cut_of

    return tuple(sorted({cut_of(document, edit) for edit in fix.edits}))


def _titled(title: str, safe: bool) -> str:
    return title if safe else f"{title} (unsafe: it may mean something else then)"


# Findings that stay


def _silencing(here: Here, document: Document, told: Sequence[Diagnostic]) -> Iterator[Action]:
    """Comments that silence a finding, and what its code means. driven's own mistakes are not for silencing."""
    from driven_lsp.ignoring import in_file, on_line

    checks = here.snapshot.view.plugins.checks
    by_code = {(one.code, one.span.line): one for one in told}
    seen: set[str] = set()
    for one in by_code.values():
        check = checks.get(one.code)
        if check is None or document.broken >= 0:
            continue
        rest = " (it stays as a notice)" if check.about.security else ""
        cut = on_line(document, one.code, one.span.line)
        if cut is not None:
            yield Action(
                title=f"Ignore {one.code} on this line{rest}", kind="quickfix", repairs=(one,),
                edits=Edits(edits=_edits(here.path, [cut])),
            )  # fmt: skip
        cut = in_file(document, one.code) if one.code not in seen else None
        seen.add(one.code)
        if cut is not None:
            yield Action(
                title=f"Ignore {one.code} in this file{rest}", kind="quickfix", repairs=(one,),
                edits=Edits(edits=_edits(here.path, [cut])),
            )  # fmt: skip
    for code in dict.fromkeys(one.code for one in told):
        command = Command(title=f"Explain {code}", name="driven.explainCode", argument={"code": code})
        repairs = tuple(one for one in told if one.code == code)
        yield Action(title=command.title, kind="quickfix", command=command, repairs=repairs)


# What is named and not there


def _missing(here: Here, document: Document, told: Sequence[Diagnostic]) -> Iterator[Action]:
    from driven.validation.repairs import is_free
    from driven_lsp.mentions import mentions_of, rule_id_of

    first, last = sorted((here.offset, here.end or here.offset))
    spans = [(one, *_bounds(document, one)) for one in told]
    made: set[str] = set()
    for mention in mentions_of(here.snapshot, document):
        near = [one for one, start, end in spans if start <= mention.end and mention.start <= end]
        if mention.exists or mention.kind not in ("link", "import", "path", "rule") or mention.path in made:
            continue
        if not near and not (mention.start <= last and first <= mention.end):
            continue
        path = mention.path
        rule_id = rule_id_of(path)
        if not path.endswith((".md", ".mdc")) or not is_free(here.snapshot.root, {}, path):
            continue
        made.add(path)
        name = (rule_id or path.rpartition("/")[2].rpartition(".")[0]).rpartition("/")[2]
        words = name.replace("-", " ").replace("_", " ").strip()
        yield Action(
            title=f"Create rule `{rule_id}`" if rule_id else f"Create `{path}`", kind="quickfix", repairs=tuple(near),
            edits=Edits(creates={path: f"# {words[:1].upper()}{words[1:]}\n\n"}),
        )  # fmt: skip


def _bounds(document: Document, told: Diagnostic) -> tuple[int, int]:
    span = told.span
    start = document.line_bounds(span.line)[0] + span.column - 1
    end = document.line_bounds(span.end_line)[0] + span.end_column - 1 if span.end_line else start
    return start, end


# Files of editors


def _conflicts(here: Here, told: Sequence[Diagnostic]) -> Iterator[Action]:
    """The ways out of a conflict, in the file and in its rule."""
    conflicts = here.snapshot.conflicts
    conflict = conflicts.files.get(here.path)
    mine = [conflict] if conflict is not None else conflicts.rules.get(here.path, [])
    repairs = tuple(one for one in told if one.code == CONFLICT)
    for one in mine:
        for command in ways(one, trusted=here.snapshot.trusted, named=len(mine) > 1):
            yield Action(title=command.title, kind="quickfix", command=command, repairs=repairs)


def _taking_in(here: Here, document: Document) -> Iterator[Action]:
    """A file that a person wrote for an editor, as rules."""
    snapshot = here.snapshot
    if not snapshot.is_managed or not snapshot.trusted or document.editor in ("", "driven"):
        return
    if snapshot.output(here.path) is not None:
        return
    from driven.core.globs import Glob

    importers = snapshot.view.plugins.importers.values()
    if any(Glob(pattern).match(here.path) for importer in importers for pattern in importer.patterns):
        title = "Import into driven, for every editor"
        command = Command(title=title, name="driven.import", argument={"path": here.path})
        yield Action(title=title, kind="refactor", command=command)
