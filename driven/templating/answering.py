"""What templates ask for, and what they get: what was given, what a person types, else the default."""

from __future__ import annotations

from driven.errors import UsageError
from driven.format.words import shown, similar
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


def answers(
    renderer: Renderer, templates: Sequence[Template], given: Mapping[str, object], ask: Ask | None = None
) -> dict[str, Value]:
    """The value of every variable of `templates`, by name; one that several have is asked for once.

    `given` are texts as typed, or values of a file; `ask` is None where nobody is to be asked.
    UsageError for a name that no template has, a value that does not fit, and one that is missing.
    """
    known = {one.name for template in templates for one in template.variables}
    for name in given:
        if name not in known:
            raise UsageError(f"no variable is called `{shown(name)}`", hint=_instead(name, known))
    values: dict[str, Value] = {}
    for template in templates:
        for variable in template.variables:
            if variable.name in values:
                _fit(renderer, template, variable, values[variable.name], values)
            else:
                values[variable.name] = _value(renderer, template, variable, given, values, ask)
    return values


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
    renderer: Renderer, template: Template, variable: Variable, given: Mapping[str, object], values: dict[str, Value],
    ask: Ask | None,
) -> Value:  # fmt: skip
    asked = not variable.when or is_true(renderer.small(template, variable.when, values))
    if variable.name in given:
        return _fit(renderer, template, variable, given[variable.name], values, check=asked)
    default = _default(renderer, template, variable, values)
    if ask is None or not asked:
        if default is None:
            if not asked:
                return _nothing(variable)
            raise UsageError(
                f"the variable `{variable.name}` of `{template.name}` has no default",
                hint=f"give it: `--set {variable.name}=…`, {fits(variable)}",
            )
        said = _wrong(renderer, template, variable, default, values) if asked else ""
        if said:
            raise refuse(variable, default, said)
        return default
    return _asked(renderer, template, variable, default, values, ask)


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
