"""Templates made rules of: planned first, all of them, then written, all or none, with a snapshot to go back to."""

from __future__ import annotations

from itertools import islice

from driven.errors import DiskError, DrivenError, UsageError
from driven.format.text import MAX_RULE_BYTES, parse_rule
from driven.format.words import shown
from driven.frozen import field, frozen, replace
from driven.fusion.shelf import NAMED, is_name
from driven.fusion.template import Template
from driven.fusion.variables import plain, risky, stand_in
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Conflict, Create, Keep, Plan, Replace
from driven.model.rule import Rule, Value
from driven.project import ledger, snapshots
from driven.project.disk import JOURNAL, Tree
from driven.project.sources import RULES
from driven.project.writer import Writer
from driven.recorded import changes_of_import
from driven.span import Span
from driven.templating.answering import Ask, answers
from driven.templating.finding import standing_ids
from driven.templating.rendering import Renderer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driven.model.plan import Change
    from driven.templating.finding import Library

MOST = 200  # templates of one run, with those that they include
WHAT = "template apply"  # as its snapshot says


@frozen
class Made:
    """A rule as a template gives it. `rule` is None where `diagnostics` say why."""

    template: Template
    rule_id: str
    text: str = ""
    rule: Rule | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


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
    rule_id: str | None = None,    force: bool = False, renderer: Renderer | None = None,
) -> Applied:  # fmt: skip
    """Plan what applying these templates writes; nothing is written. `rule_id`: of the rule of the one that is named.

    A rule that stands there with another text is a conflict, unless `force`; the same text is nothing to do.
    """
    if rule_id is not None and len(names) != 1:
        raise UsageError("`--as` names one rule, and these are several templates", hint="apply them one by one")
    renderer = renderer or Renderer(library)
    templates = closure(library, names)
    values = answers(renderer, templates, given, ask)
    made: list[Made] = []
    for at, template in enumerate(templates):
        if not template.text.strip():
            continue  # it only names others
        made.append(make(renderer, template, values, rule_id if at == 0 else None))
    by_id: dict[str, Made] = {}
    found = [told for one in made for told in one.diagnostics]
    for one in made:
        other = by_id.setdefault(one.rule_id, one)
        if other is not one:
            message = f"`{other.template.name}` and `{one.template.name}` both give the rule `{one.rule_id}`"
            found.append(_told("RUL24", f"template {one.template.name}", message, "apply one of them with `--as ID`"))
    changes = _changes(library.root, list(by_id.values()), force) if not _errors(found) else []
    return Applied(
        root=library.root, made=tuple(made), plan=Plan(changes=tuple(changes)), values=values,
        diagnostics=tuple(found),
    )  # fmt: skip


def carry_out(prepared: Applied) -> Applied:
    """Write what was planned. DiskError when the disk refuses, or when a file came to stand in the way meanwhile."""
    plan, root = prepared.plan, prepared.root
    if plan.writes:
        with Tree(root) as tree:
            ledger.prepare_state(tree)
            with Writer(tree):
                for change in plan.writes:
                    standing = tree.read(change.path)
                    if standing.kind == "blocked" or (standing.data or None) != (change.before or None):
                        raise DiskError(f"`{change.path}` was changed meanwhile", hint="run it again")
                lock = ledger.read_lock(root)
                snapshots.write(tree, WHAT, changes_of_import(tree, lock, plan.writes, {}))
                applied = tree.apply(plan.writes, ledger.render_lock(lock))
                for path, why in applied.failed.items():
                    raise DiskError(f"`{path}` {why}")
                tree.remove_state(JOURNAL)
                ledger.forget(tree)
    return replace(prepared, done=True)


def _changes(root: str, made: Sequence[Made], force: bool) -> list[Change]:
    changes: list[Change] = []
    ids = standing_ids(root)
    with Tree(root) as tree:
        for one in made:
            path = ids.get(one.rule_id, f"{RULES}/{one.rule_id}.md")
            after, rules = one.text.encode("utf-8"), (one.rule_id,)
            standing = tree.read(path)
            if standing.kind == "absent":
                changes.append(Create(path=path, after=after, rule_ids=rules))
            elif standing.kind == "blocked":
                changes.append(
                    Conflict(path=path, drift="foreign", before=b"", after=after, rule_ids=rules,
                             message=standing.note or "cannot be written", hint="move it away, and apply it again")
                )  # fmt: skip
            elif standing.data == after:
                changes.append(Keep(path=path, rule_ids=rules))
            elif force:
                changes.append(Replace(path=path, after=after, before=standing.data, rule_ids=rules, forced=True))
            else:
                beside = f"driven template apply {one.template.name} --as {one.rule_id}-2"
                hint = f"`--force` writes over it, and `driven undo` takes that back; `{beside}` puts it beside"
                message = f"a rule stands here already, and differs from what `{one.template.name}` gives"
                changes.append(
                    Conflict(path=path, drift="foreign", before=standing.data, after=after, rule_ids=rules,
                             message=message, hint=hint)
                )  # fmt: skip
    return sorted(changes, key=lambda change: change.path)


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
