"""What a pack's rules alone emit, as a digest for each editor: `driven.lock` pins it, `sync --frozen` asks for it."""

from __future__ import annotations

from driven.emission import emit_all
from driven.errors import DrivenError
from driven.model.rule import RuleSet
from driven.workspace import Project, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from driven.model.artefact import Piece
    from driven.model.rule import Rule


def footprint(project: Project, rules: Iterable[Rule]) -> dict[str, str]:
    """Editor -> "sha256:" and the digest of all that these rules come to there, were there no others.

    It hangs on the rules, the editors' options and the programs that write: not on what else the project holds, so a
    rule's `when` is not asked. An editor whose emitter breaks has none. The editors that packs bring have none either:
    what their code writes is looked at with every sync.
    """
    from driven.registry.proxy import PackEmitter

    emitters = {name: one for name, one in project.emitters.items() if not isinstance(one, PackEmitter)}
    emitted = emit_all(emitters, project.settings, tuple(RuleSet.of(rules)), _for_editor)
    return {
        name: _digest(piece for piece in emitted.pieces if piece.editor == name)
        for name in sorted(emitters) if name not in emitted.failed
    }  # fmt: skip


def footprints(root: str, packs: Mapping[str, Iterable[Rule]]) -> dict[str, dict[str, str]]:
    """Of several packs, by name. Empty ones where the project cannot be loaded: that is told where it matters."""
    try:
        project = load(root)
    except DrivenError:
        return {name: {} for name in packs}
    return {name: footprint(project, rules) for name, rules in packs.items()}


def _for_editor(rules: Iterable[Rule], editor: str) -> Sequence[Rule]:
    return tuple(rule for rule in rules if not rule.targets or rule.for_editor(editor))


def _digest(pieces: Iterable[Piece]) -> str:
    """Of path, part and text of each piece, each behind its length: no two lists of them give the same bytes."""
    from hashlib import sha256

    made = sha256()
    for path, part, text in sorted((*piece.owned[::2], piece.artefact.text) for piece in pieces):
        for word in (path, part, text):
            data = word.encode("utf-8", "surrogatepass")
            made.update(len(data).to_bytes(8, "little") + data)
    return f"sha256:{made.hexdigest()}"
