"""What templates ask for, and what they get: what was given, what a person types, what was answered before, else the
default."""

from __future__ import annotations

from driven.errors import UsageError
from driven.format.snap import ANSWERS
from driven.format.words import shown, similar
from driven.frozen import frozen
from driven.fusion.template import Template, Variable, is_jinja
from driven.fusion.variables import Misfit, fits, fitted, is_true, refuse, typed
from driven.model.rule import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from driven.templating.rendering import Renderer

# (whose variable it is, the variable, its default or None, what was wrong with the last answer) -> what was typed.
Ask: TypeAlias = "Callable[[Template, Variable, Value, str], str]"
TRIES = 3  # answers that do not fit before a question is given up
MAX_SAID = 300  # characters of a validator's message


@frozen
class Answers:
    """`values`: all of them, by name; `own`: those of each template, where one was answered otherwise before; `asked`:
    of these the ones that are asked for, which the next time begins with."""

    values: Mapping[str, Value]
    own: tuple[Mapping[str, Value], ...]
    asked: tuple[Mapping[str, Value], ...]


def answers(
    renderer: Renderer, templates: Sequence[Template], given: Mapping[str, object], ask: Ask | None = None
) -> dict[str, Value]:
    """The value of every variable of `templates`, by name: `answered` where nothing was answered before."""
    return dict(answered(renderer, templates, given, ask).values)


def answered(
    renderer: Renderer, templates: Sequence[Template], given: Mapping[str, object], ask: Ask | None = None,
    kept: Sequence[Mapping[str, Value]] = (),
) -> Answers:  # fmt: skip
    """The values of `templates`; a variable that several have is asked for once.

    `given` are texts as typed, or values of a file; `ask` is None where nobody is to be asked. `kept` is what each
    template was answered before: it stays, also where another one has another value of that name, until somebody says
    otherwise. It is asked for again, and stands in brackets, where nothing is given. UsageError for a name that no
    template has, a value that does not fit, and one that is missing.
    """
    known = {one.name for template in templates for one in template.variables}
    for name in given:
        if name not in known:
            raise UsageError(f"no variable is called `{shown(name)}`", hint=_instead(name, known))
    mine = [*kept, *({} for _ in templates[len(kept) :])]
    before = {name: value for one in reversed(mine) for name, value in one.items()}  # the first one's holds
    values: dict[str, Value] = {}
    said = set(given)  # what somebody says now, and not what they said before
    every: list[dict[str, Value]] = []
    asked: list[dict[str, Value]] = []
    for template, its in zip(templates, mine, strict=True):
        own: dict[str, Value] = {}
        here: dict[str, Value] = {}
        for variable in template.variables:
            name, known_now = variable.name, {**values, **own}
            is_asked = not variable.when or is_true(renderer.small(template, variable.when, known_now))
            if name in values and (name in said or its.get(name, values[name]) == values[name]):
                value = _fit(renderer, template, variable, values[name], known_now, check=is_asked)
            elif name in given:
                value = _fit(renderer, template, variable, given[name], known_now, check=is_asked)
            else:
                asks, old = (ask if is_asked else None), (its.get(name, before.get(name)) if is_asked else None)
                if old is not None:
                    old = _old(renderer, template, variable, old, known_now, can_ask=asks is not None)
                    asks = None if given and old is not None else asks
                value = _value(renderer, template, variable, known_now, asks, old, is_asked)
                if asks is not None and value != old:
                    said.add(name)
            own[name] = value
            values.setdefault(name, value)
            if is_asked:
                here[name] = value
        every.append(own)
        asked.append(here)
    return Answers(values=values, own=tuple(every), asked=tuple(asked))


def preview(renderer: Renderer, templates: Iterable[Template]) -> dict[str, Value]:
    """Values to show a template with: the defaults, and `NAME` for a text that must be answered."""
    values: dict[str, Value] = {}
    for template in templates:
        for variable in template.variables:
            if variable.name not in values:
                default = _default(renderer, template, variable, values)
                values[variable.name] = _example(variable) if default is None else default
    return values


def parsed(pairs: Iterable[str]) -> dict[str, object]:
    """`name=value` pairs as typed. UsageError for one that is none."""
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"`--set {shown(pair)}` names no value", hint="write `--set name=value`")
        found[name.strip()] = value
    return found


def _value(
    renderer: Renderer, template: Template, variable: Variable, values: dict[str, Value], ask: Ask | None, old: Value,
    is_asked: bool,
) -> Value:  # fmt: skip
    """The default, or what is typed; `old` is what was answered before, None where nothing was, and stands for the
    default."""
    default = _default(renderer, template, variable, values) if old is None else old
    if ask is not None:
        return _asked(renderer, template, variable, default, values, ask)
    if default is None:
        if not is_asked:
            return _nothing(variable)
        raise UsageError(
            f"the variable `{variable.name}` of `{template.name}` has no default",
            hint=f"give it: `--set {variable.name}=…`, {fits(variable)}",
        )
    said = _wrong(renderer, template, variable, default, values) if is_asked and old is None else ""
    if said:
        raise refuse(variable, default, said)
    return default


def _old(
    renderer: Renderer, template: Template, variable: Variable, value: Value, values: Mapping[str, Value], *,
    can_ask: bool,
) -> Value:  # fmt: skip
    """What was answered before, None where it fits no more and somebody can be asked. UsageError where nobody can."""
    try:
        return _fit(renderer, template, variable, value, values)
    except UsageError as error:
        if can_ask:
            return None
        hint = f"so it was answered before, as `{ANSWERS}` says; give another: `--set {variable.name}=…`"
        raise UsageError(error.message, hint=hint) from None


def _asked(
    renderer: Renderer, template: Template, variable: Variable, default: Value, values: dict[str, Value], ask: Ask
) -> Value:  # fmt: skip
    problem = ""
    for _ in range(TRIES):
        words = ask(template, variable, default, problem)
        try:
            if words or default is None:
                value = typed(variable, words, numbered=True)
                if default is None and words == "" and variable.type == "str" and not variable.validator:
                    raise Misfit("it has no default")
            else:
                value = default
        except Misfit as error:
            problem = str(error)
            continue
        problem = _wrong(renderer, template, variable, value, values)
        if not problem:
            return value
    raise UsageError(
        f"no value was chosen for `{variable.name}`: {problem}", hint=f"give it: `--set {variable.name}=…`"
    )  # fmt: skip


def _fit(
    renderer: Renderer, template: Template, variable: Variable, given: object, values: Mapping[str, Value], *,
    check: bool = True,
) -> Value:  # fmt: skip
    try:
        value = typed(variable, given) if isinstance(given, str) else fitted(variable, given)
    except Misfit as error:
        raise refuse(variable, given, str(error)) from None
    said = _wrong(renderer, template, variable, value, values) if check else ""
    if said:
        raise refuse(variable, given, said)
    return value


def _default(renderer: Renderer, template: Template, variable: Variable, values: Mapping[str, Value]) -> Value:
    """The default as a value, its Jinja rendered with what was answered so far; None where there is none."""
    default = variable.default
    if default is None:
        return None
    try:
        if isinstance(default, list):
            items = [_rendered(renderer, template, one, values) for one in default]
            return fitted(variable, items)
        return fitted(variable, _rendered(renderer, template, default, values))
    except Misfit as error:
        raise refuse(variable, default, f"its default does not fit: {error}") from None


def _rendered(renderer: Renderer, template: Template, value: object, values: Mapping[str, Value]) -> object:
    if isinstance(value, str) and is_jinja(value, template.delimiters):
        return renderer.small(template, value, values)
    return value


def _wrong(
    renderer: Renderer, template: Template, variable: Variable, value: Value, values: Mapping[str, Value]
) -> str:  # fmt: skip
    """What the template's own validator says of a value, "" when it is good. It may call it `value`, too."""
    if not variable.validator:
        return ""
    said = renderer.small(template, variable.validator, {**values, "value": value, variable.name: value})
    return shown(" ".join(said.split()), MAX_SAID)


def _nothing(variable: Variable) -> Value:
    """What a variable is that is not asked for and has no default."""
    if variable.multiselect:
        return []
    return {"bool": False, "int": 0, "float": 0.0}.get(variable.type, "")


def _example(variable: Variable) -> Value:
    if variable.choices:
        first = variable.choices[0][1]
        return [first] if variable.multiselect else first
    if variable.type == "str":
        return [variable.name.upper()] if variable.multiselect else variable.name.upper()
    return _nothing(variable)


def _instead(name: str, known: Iterable[str]) -> str:
    near = similar(name, known)
    listed = ", ".join(sorted(known))
    return f"did you mean `{near}`?" if near else f"there are {listed}" if listed else "nothing is asked for"
