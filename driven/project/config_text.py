"""The text of a configuration -> what it says, and everything that is wrong with it."""

from __future__ import annotations

from driven.errors import ConfigError
from driven.format.words import shown
from driven.model.diagnostic import Diagnostic
from driven.project.config import MAX_EDITORS, PYPROJECT, RANGES, SYNC_KEYS, TOP_KEYS, Config, _wrong, choices_of
from driven.project.mistakes import Notes, bool_of, choice_of, told
from driven.project.tables import kind_of, known_keys, meant, table_of
from driven.project.validate_table import validate_table
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from driven.project.config import Options


def read_text(data: bytes, path: str, options: Options | None = None) -> tuple[Config, list[Diagnostic]]:
    """The configuration as far as it can be read, and its mistakes in the order of the text, each with its repair.

    `options`: as `known_editors` takes them; without them nothing is said about the names of editors. Never raises.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode(errors="replace")) + 1
        span = Span(path=path, line=line, column=column)
        return Config(path=path), [_mistake("not UTF-8", span, "save the file as UTF-8")]
    import tomllib

    try:
        whole = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        from driven.project.toml_syntax import unparsable

        return Config(path=path, text=text), [unparsable(error, text, path, lambda other: not _is_wrong(other, path))]
    config, notes = _read(whole, text, path, options)
    return config, _marked(text, path, notes, options)


def editor_mistakes(config: Config, names: Collection[str], options: Options) -> list[Diagnostic]:
    """What is wrong with those editors of a configuration that has no other mistakes."""
    notes = Notes(("tool", "driven") if config.path == PYPROJECT else ())
    _editors(config, names, options, notes)
    return _marked(config.text, config.path, notes, options)


def _marked(text: str, path: str, notes: Notes, options: Options | None) -> list[Diagnostic]:
    if not notes.all:
        return []
    return told(text, path, notes, lambda other: _again(other, path, options), ours=path != PYPROJECT)


def error_of(found: Iterable[Diagnostic]) -> ConfigError:
    """The mistakes as one exception."""
    first, *more = (ConfigError(one.message, hint=_hint(one), span=one.span, code=one.code) for one in found)
    first.more = tuple(more)
    return first


def _hint(told: Diagnostic) -> str:
    if told.fix is None or not told.fix.safe:
        return told.hint
    return f"{told.hint}{'' if told.hint.endswith('?') else ';'} `driven validate --fix` puts it right"


def _mistake(message: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic(code="DRV002", severity="error", message=message, span=span, hint=hint)


def _again(text: str, path: str, options: Options | None) -> Notes | None:
    import tomllib

    try:
        return _read(tomllib.loads(text), text, path, options)[1]
    except (ValueError, RecursionError):
        return None


def _is_wrong(text: str, path: str) -> bool:
    notes = _again(text, path, None)
    return notes is None or bool(notes.all)


def _read(whole: dict[str, Any], text: str, path: str, options: Options | None) -> tuple[Config, Notes]:
    notes = Notes()
    if path == PYPROJECT:
        whole = table_of(table_of(whole, "tool", notes), "driven", notes, "tool")
        notes.prefix = ("tool", "driven")
    known_keys(whole, TOP_KEYS, notes)
    if whole.get("version", 1) != 1:
        message = f"version `{str(whole['version'])[:20]}` is not known to this driven"
        notes.value(message, "this driven reads version 1", "version")
    editors: dict[str, Mapping[str, object]] = {}
    disabled: list[str] = []
    for name, value in table_of(whole, "editors", notes).items():
        if value is False:
            disabled.append(name)
            continue
        editors[name] = value if isinstance(value, dict) else {}
        if value is not True and not isinstance(value, dict):
            better = bool_of(value)
            hint = f"write {better}" if better else "write true, false or a table of that editor's options"
            # What is switched off loses its files with the next sync: a person says so.
            notes.value(f"`{name}` is {kind_of(value)}", hint, "editors", name, better=better, sure=better == "true")
    given = _sync(table_of(whole, "sync", notes), notes)
    given |= validate_table(table_of(whole, "validate", notes), notes)
    config = Config(editors=editors, disabled=tuple(disabled), path=path, text=text, **given)
    if options is not None:
        _editors(config, {*[*editors, *disabled][:MAX_EDITORS]}, options, notes)
    return config, notes


def _editors(config: Config, names: Collection[str], options: Options, notes: Notes) -> None:
    """The editors among `names` that no plugin knows, or not with these options."""
    there = (*config.editors, *config.disabled)
    for name in (name for name in there if name in names):
        known = options.get(name)
        if known is None:
            close = meant(name, options)
            hint = f"{close}{'' if close.endswith('?') else ';'} `driven plugin list` shows them all"
            message = f"unknown editor `{shown(name)}`"
            may = name in config.editors  # of one that is switched off the files would go
            notes.key(message, hint, "editors", name, known=options, there=there, may=may, code="CFG01")
            continue
        given = config.editors.get(name, {})
        for option, value in given.items():
            if option not in known:
                hint = meant(option, known) if known else f"write `{name} = true`"
                message = f"`{name}` has no option `{shown(option)}`"
                notes.key(message, hint, "editors", name, option, known=known, there=given, code="CFG01")
                continue
            choices = choices_of(known, option)
            hint = _wrong(value, choices)
            if hint:
                better, sure = choice_of(value, choices)
                message = f"the option `{option}` of `{name}` is {kind_of(value)}"
                notes.value(message, hint, "editors", name, option, better=better, sure=sure, code="CFG01")


def _sync(table: dict[str, Any], notes: Notes) -> dict[str, Any]:
    known_keys(table, SYNC_KEYS, notes, "sync")
    good: dict[str, Any] = {}
    for key, value in table.items():
        wanted: Any = SYNC_KEYS.get(key)
        message, better, sure = f"`{key}` is {kind_of(value)}", "", True
        if isinstance(wanted, tuple):
            due = "" if value in wanted else " or ".join(f'"{word}"' for word in wanted)
            better, sure = choice_of(value, wanted)
        elif wanted is bool:
            due = "" if type(value) is bool else "true or false"
            better = bool_of(value)
        elif type(value) is not wanted:
            due = "a whole number"
            better = value.strip() if isinstance(value, str) and value.strip().isdecimal() and value.isascii() else ""
        else:
            least, most, unit = RANGES[key]
            due = "" if least <= value <= most else f"{least} to {most} ({unit})"
            message = f"`{key}` is out of range"
        if wanted is None:
            continue
        if due:
            notes.value(message, f"write {better or due}", "sync", key, better=better, sure=sure)
        else:
            good[key] = value
    return good
