"""Templates made rules of: planned first, all of them, then written, all or none, with a snapshot to go back to."""

from __future__ import annotations

from itertools import islice

from driven.bringing import bring
from driven.errors import DrivenError, UsageError
from driven.format.merge import merge_text
from driven.format.text import MAX_RULE_BYTES, parse_rule
from driven.format.words import shown
from driven.frozen import field, frozen, replace
from driven.fusion.shelf import NAMED, is_name
from driven.fusion.template import Template
from driven.fusion.variables import plain, risky, stand_in
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Conflict, Create, Keep, Plan, Replace
from driven.model.rule import Rule, Value
from driven.project.disk import Tree
from driven.project.sources import RULES
from driven.recorded import APPLIED
from driven.span import Span
from driven.templating.answering import Ask, answered
from driven.templating.finding import standing_ids
from driven.templating.kept import ANSWERS, Kept, kept_text, read_kept
from driven.templating.rendering import Renderer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driven.model.plan import Change, Standing
    from driven.templating.finding import Library

MOST = 200  # templates of one run, with those that they include


@frozen
class Made:
    """A rule as a template gives it. `rule` is None where `diagnostics` say why; `answers` is what is kept of them."""

    template: Template
    rule_id: str
    text: str = ""
    rule: Rule | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    answers: Mapping[str, Value] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Its template, with where it comes from."""
        return f"{self.template.origin}:{self.template.name}"


@frozen
class Applied:
    """What applying templates comes to. `plan` is what is written; with errors in `diagnostics` nothing is.
    `done`: it was written, or there was nothing to write."""

    root: str
    made: tuple[Made, ...]
    plan: Plan
    values: Mapping[str, Value] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    done: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether it can be written."""
        return not self.plan.conflicts and not any(one.severity == "error" for one in self.diagnostics)


def closure(library: Library, names: Sequence[str]) -> list[Template]:
    """These templates and all that they include, each once, in the order they are named. UsageError for a name that is
    none, and for more than 200."""
    found: dict[str, Template] = {}
    waiting = [(name, "") for name in reversed(names)]
    while waiting:
        name, near = waiting.pop()
        one = library.find(name, near)
        if one.name in found:
            continue
        if len(found) == MOST:
            raise UsageError(f"more than {MOST} templates at once", hint="apply some of them first")
        found[one.name] = one
        waiting += [(inner, one.origin) for inner in reversed(one.include)]
    return list(found.values())


def make(renderer: Renderer, template: Template, values: Mapping[str, Value], rule_id: str | None = None) -> Made:
    """The rule of one template: rendered, read as a rule file is, and looked through for what it hides."""
    from driven.trust.scan import scan

    rule_id = template.rule_id if rule_id is None else rule_id
    if not is_name(rule_id):
        raise UsageError(f"`{shown(rule_id)}` is no id of a rule", hint=NAMED)
    named = f"template {template.name}"
    text = renderer.text(template, values).strip("\n")
    text = text + "\n" if text else ""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_RULE_BYTES:
        message = f"it renders to {len(data):,} bytes; a rule has at most {MAX_RULE_BYTES:,}"
        return Made(template=template, rule_id=rule_id, diagnostics=(_told("TPL06", named, message),))
    if not data:
        hint = "give other values, or change the template"
        return Made(
            template=template, rule_id=rule_id, diagnostics=(_told("TPL06", named, "it renders to nothing", hint),)
        )
    rule, found = parse_rule(data, path=named, rule_id=rule_id)
    found = [replace(one, message=f"the rule `{rule_id}` that it gives: {one.message}") for one in found]
    if rule is not None:
        found += [one for one in islice(scan(f"{named}.md", text), 20) if one.severity == "error"]
        chosen = {one.name for one in template.variables if one.choices}  # its author's words, not a person's
        free = {name: value for name, value in values.items() if name not in chosen}
        risk = risky(free)
        if risk and not _is_as_meant(renderer, template, text, {**values, **stand_in(free)}):
            message = f"what `{'`, `'.join(risk)}` is set to changes the front matter of the rule beside it"
            hint = "leave out quotes, brackets, commas, colons and `#`; or the author writes `| tojson` there"
            found.append(_told("TPL05", named, message, hint))
    wrong = any(one.severity == "error" for one in found)
    return Made(template=template, rule_id=rule_id, text=text, rule=None if wrong else rule, diagnostics=tuple(found))


def prepare(
    library: Library, names: Sequence[str], given: Mapping[str, object], *, ask: Ask | None = None,
    rule_id: str | None = None, force: bool = False, keep: bool = False, renderer: Renderer | None = None,
) -> Applied:  # fmt: skip
    """Plan what applying these templates writes; nothing is written. `rule_id`: of the rule of the one that is named.

    What was answered before is answered so again, unless `given` says otherwise. A rule that this template gave is
    written anew, the edits of people merged into it; where both changed the same lines it is a conflict, unless `keep`
    lets the edit stay there. A rule of somebody else is a conflict, too. `force` writes over both.
    """
    if rule_id is not None and len(names) != 1:
        raise UsageError("`--as` names one rule, and these are several templates", hint="apply them one by one")
    renderer = renderer or Renderer(library)
    templates = closure(library, names)
    kept = read_kept(library.root)
    ids = [rule_id if rule_id is not None and at == 0 else one.rule_id for at, one in enumerate(templates)]
    old = [kept.get(its, Kept(template="")) for its in ids]
    before = [k.answers if k.name == one.name else {} for k, one in zip(old, templates, strict=True)]
    found_answers = answered(renderer, templates, given, ask, before)
    values = found_answers.values
    made: list[Made] = []
    rows = zip(templates, ids, found_answers.own, found_answers.asked, strict=True)
    for template, its, own, asked in rows:
        if not template.text.strip():
            continue  # it only names others
        made.append(replace(make(renderer, template, {**values, **own}, its), answers=asked))
    by_id: dict[str, Made] = {}
    found = [told for one in made for told in one.diagnostics]
    for one in made:
        other = by_id.setdefault(one.rule_id, one)
        if other is not one:
            message = f"`{other.template.name}` and `{one.template.name}` both give the rule `{one.rule_id}`"
            found.append(_told("RUL24", f"template {one.template.name}", message, "apply one of them with `--as ID`"))
    changes = _changes(library.root, list(by_id.values()), kept, force, keep) if not _errors(found) else []
    return Applied(
        root=library.root, made=tuple(made), plan=Plan(changes=tuple(changes)), values=values,
        diagnostics=tuple(found),
    )  # fmt: skip


def carry_out(prepared: Applied) -> Applied:
    """Write what was planned. DiskError when the disk refuses, or when a file came to stand in the way meanwhile."""
    bring(prepared.root, APPLIED, prepared.plan.writes)
    return replace(prepared, done=True)


def _changes(root: str, made: Sequence[Made], kept: Mapping[str, Kept], force: bool, keep: bool) -> list[Change]:
    """What is written for each rule, and last the answers."""
    changes: list[Change] = []
    ids = standing_ids(root)
    with Tree(root) as tree:
        for one in made:
            path = ids.get(one.rule_id, f"{RULES}/{one.rule_id}.md")
            changes.append(_change(one, path, tree.read(path), kept.get(one.rule_id), force, keep))
        changes.sort(key=lambda change: change.path)
        there = {rule_id: one for rule_id, one in kept.items() if rule_id in ids}
        there |= {
            one.rule_id: Kept(template=one.source, answers=one.answers, text=one.text) for one in made
        }  # fmt: skip
        before, after = tree.read(ANSWERS), kept_text(there)
        if before.kind == "absent":
            changes.append(Create(path=ANSWERS, after=after))
        elif before.kind == "blocked":
            message = before.note or "cannot be written"
            hint = "move it away, and apply it again"
            changes.append(Conflict(path=ANSWERS, drift="foreign", before=b"", after=after, message=message, hint=hint))
        elif before.data != after:
            changes.append(Replace(path=ANSWERS, before=before.data, after=after))
    return changes


def _change(one: Made, path: str, standing: Standing, kept: Kept | None, force: bool, keep: bool) -> Change:
    after, rules = one.text.encode("utf-8"), (one.rule_id,)
    if standing.kind == "absent":
        return Create(path=path, after=after, rule_ids=rules)
    if standing.kind == "blocked":
        return Conflict(
            path=path, drift="foreign", before=b"", after=after, rule_ids=rules,
            message=standing.note or "cannot be written", hint="move it away, and apply it again",
        )  # fmt: skip
    if standing.data == after:
        return Keep(path=path, rule_ids=rules)
    if force:
        return Replace(path=path, after=after, before=standing.data, rule_ids=rules, forced=True)
    again = f"driven template apply {one.template.name}"
    if kept is None or kept.name != one.template.name:
        return Conflict(
            path=path, drift="foreign", before=standing.data, after=after, rule_ids=rules,
            message=f"a rule stands here already, and differs from what `{one.template.name}` gives",
            hint=f"`--force` writes over it, and `driven undo` takes that back; `{again} --as {one.rule_id}-2` puts it"
            " beside",
        )  # fmt: skip
    merged = merge_text(
        kept.text, standing.data.decode("utf-8", "surrogateescape"), one.text, take="ours" if keep else "none"
    )
    text = merged.text.encode("utf-8", "surrogateescape")
    if merged.overlaps or parse_rule(text, path=path, rule_id=one.rule_id)[0] is None:
        return Conflict(
            path=path, drift="edited", before=standing.data, after=after, rule_ids=rules,
            message=f"it was edited where `{one.template.name}` now says something else",
            hint="`--keep` leaves your text there and takes the rest; `--force` writes the template's over all of it;"
            " `driven undo` takes either back",
            overlaps=tuple(replace(lap, source=path, file=one.source) for lap in merged.overlaps),
        )  # fmt: skip
    if text == standing.data:
        return Keep(path=path, rule_ids=rules, reason="your edits stay")
    return Replace(path=path, before=standing.data, after=text, rule_ids=rules)


def _is_as_meant(renderer: Renderer, template: Template, text: str, values: Mapping[str, Value]) -> bool:
    """Whether the front matter of `text` says what it says with `values` that are nothing to YAML."""
    try:
        other = renderer.text(template, values).strip("\n") + "\n"
    except DrivenError:  # it makes something else of such a value, a number perhaps
        return True
    return _front(text, template.name) == _front(other, template.name)


def _front(text: str, path: str) -> object:
    """What a rule's front matter says, with `x` for what is YAML's in its texts; None where it has none."""
    from driven.core.front import split_front
    from driven.format.yaml12 import load_yaml

    data = text.encode("utf-8", "surrogatepass")
    begin, end, _ = split_front(data)
    if not begin or end < 0:
        return None
    loaded = load_yaml(data[begin:end].decode("utf-8", "replace"), path=path)
    return plain(loaded.values) if not loaded.diagnostics else "broken"


def _errors(found: Sequence[Diagnostic]) -> bool:
    return any(one.severity == "error" for one in found)


def _told(code: str, path: str, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code=code, severity="error", message=message, span=Span(path=path), hint=hint)
