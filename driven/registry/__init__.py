"""Which plugins there are, and what they offer: each loaded behind its own guard, so that a broken one breaks alone.

    PLG01 warning  the plugin cannot be imported
    PLG02 warning  it names a hook that does not exist
    PLG03 warning  a hook's arguments are not those of the contract, or the plugin cannot be registered
    PLG04 warning  a hook raised
    PLG05 warning  a hook offers something that is not of the contract
    PLG06 error    a name is taken; the first to offer it stays
    PLG07 warning  the plugin has no hook at all
    PLG08 warning  a distribution's list of entry points cannot be read
    PLG09 warning  DRIVEN_DISABLE_PLUGINS names a plugin that is not there

A plugin that breaks is a warning: nothing that was asked for fails by it, and where an editor is enabled that nobody
offers any more, that is the error. Our own plugins load first and win a name against strangers; among strangers the
first by entry-point name wins.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable

from driven.frozen import field, frozen
from driven.model.diagnostic import Diagnostic, Severity
from driven.registry.index import Entry, find, path_stamps
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from pluggy import PluginManager

    from driven.grammar.command import Command
    from driven.hookspecs import Check, Emitter, Importer, TemplateShelf, TokenCounter

    Status = Literal["loaded", "disabled", "broken"]

__all__ = ["Entry", "PluginInfo", "Registry", "find", "load", "path_stamps"]

OWN = "driven"  # the distribution whose plugins are ours
DISABLE = "DRIVEN_DISABLE_PLUGINS"  # entry-point or distribution names, joined by commas, or:
ALL_THIRD_PARTY = "all-third-party"
CHECKS = "checks"  # the entry point of our own checks
TEMPLATES = "templates"  # and of our own templates
_ASKED = {"driven_checks": 0, "driven_templates": 1}  # asked for only by those who need them
MAX_OFFERS = 1000  # per hook and plugin: an endless generator ends here


@frozen
class PluginInfo:
    """One plugin. `value` is `module:attribute`; `offers` names what is in use of it, `emitter cursor`,
    `command hello`; `error` is one line, every error of it joined. `ring`: a key of `RINGS`, of a
    pack's code the weakest that may hold it."""

    name: str
    distribution: str
    version: str
    value: str
    status: Status
    error: str = ""
    offers: tuple[str, ...] = ()
    ring: str = "T"


@frozen(kw_only=False)
class Registry:
    """What all plugins offer together: by editor, command or code, in the order the plugins load."""

    emitters: dict[str, Emitter] = field(default_factory=dict)
    importers: dict[str, Importer] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    counters: list[TokenCounter] = field(default_factory=list)
    checks: dict[str, Check] = field(default_factory=dict)
    templates: dict[str, TemplateShelf] = field(default_factory=dict)
    plugins: list[PluginInfo] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def load(
    *, index_path: str | None = None, editors: Collection[str] | None = None, checks: bool = False,
    strangers: bool = True, templates: bool = False,
) -> Registry:  # fmt: skip
    """Load every plugin that is not disabled. Whatever a plugin does becomes a diagnostic; only Ctrl-C is passed on.

    `index_path` is the index file (`.driven/state/plugins.index`), None for none. `editors` leaves out those of our
    own plugins whose entry point is called otherwise; strangers' are called what they like, and are always loaded.
    Checks are asked for only with `checks`: nothing but a validation needs them, and there are many; templates only
    with `templates`. Without
    `strangers` only ours are loaded, and no index is read: it stands in the project, whose author is a stranger too.
    """
    registry = Registry()
    entries = sorted(
        find(index_path if strangers else None), key=lambda e: (e.distribution != OWN, e.name, e.distribution, e.value)
    )
    disabled = {word.strip() for word in os.environ.get(DISABLE, "").split(",")} - {""}
    strangers = strangers and ALL_THIRD_PARTY not in disabled
    known = {ALL_THIRD_PARTY, *(e.name for e in entries), *(e.distribution for e in entries)} - {""}
    for word in sorted(disabled - known):
        _report(registry, "PLG09", f"{DISABLE} names no plugin: {word!a}", Span(path=DISABLE), _suggest(word, known))
    owners: dict[str, Entry] = {}
    wanted: list[Entry] = []
    for entry in entries:
        stranger = entry.distribution != OWN
        if entry.error:
            message = f"the entry points of `{entry.distribution}` cannot be read: {entry.error}"
            _report(registry, "PLG08", message, Span(path=entry.distribution), "reinstall it")
        elif disabled & {entry.name, entry.distribution} or (stranger and not strangers):
            registry.plugins.append(_info(entry, "disabled"))
        elif stranger or _is_wanted(entry.name, editors, checks, templates):
            wanted.append(entry)
    # pluggy costs as much as the rest of a short sync. Where there are only ours, it would do nothing but call them.
    manager = _manager() if any(entry.distribution != OWN for entry in wanted) else None
    for entry in wanted:
        _Loader(entry, registry, owners, manager, checks, templates=templates).load()
    return registry


def _is_wanted(name: str, editors: Collection[str] | None, checks: bool, templates: bool) -> bool:
    """Whether one of our own plugins is."""
    if name == CHECKS:
        return checks
    return templates if name == TEMPLATES else editors is None or name in editors


def _manager() -> PluginManager:
    import pluggy

    from driven import hookspecs

    manager = pluggy.PluginManager(hookspecs.PROJECT_NAME)
    manager.add_hookspecs(hookspecs.Hooks)
    return manager


def add(registry: Registry, entry: Entry, plugin: object, *, checks: bool) -> None:
    """Ask one more plugin, which is there already, what it offers; the names that are taken stay so."""
    owners = {
        f"{kind} {name}": Entry("driven", "", OWN, "")
        for kind, table in (("emitter", registry.emitters), ("check", registry.checks))
        for name in table
    }
    _Loader(entry, registry, owners, _manager(), checks, plugin).load()


class _Loader:
    """Loads one plugin into a registry. It is alone with the pluggy manager: what goes wrong there is its doing.

    Without a manager a plugin that is plain is asked as pluggy would ask it.
    """

    def __init__(
        self, entry: Entry, registry: Registry, owners: dict[str, Entry], manager: PluginManager | None, checks: bool,
        plugin: object = None, *, templates: bool = False,
    ) -> None:  # fmt: skip
        self.plugin = plugin
        self.ring: str = getattr(plugin, "ring", "T")  # code that the user installed is not confined
        self.left_out = {name for name, wanted in _ASKED.items() if not (checks, templates)[wanted]}
        self.entry = entry
        self.manager = manager
        self.label = f"`{entry.name}` ({entry.distribution} {entry.version})"
        self.registry = registry
        self.owners = owners  # who offers `emitter cursor`
        self.errors: list[str] = []
        self.offers: list[str] = []

    def load(self) -> None:
        """Import the plugin, register it, and ask each of its hooks once."""
        stdout, sys.stdout = sys.stdout, sys.stderr  # stdout belongs to our answers: `--json` must stay JSON
        try:
            self._load()
        finally:
            sys.stdout = stdout
        status: Status = "broken" if self.errors else "loaded"
        self.registry.plugins.append(_info(self.entry, status, "; ".join(self.errors), self.offers, self.ring))

    def _load(self) -> None:
        try:
            plugin = self.plugin or _import(self.entry.value)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a plugin must not end us
            hint = f"update or uninstall `{self.entry.distribution}`, or set {DISABLE}={self.entry.name}"
            return self._broken("PLG01", f"plugin {self.label} cannot be imported", hint, error)
        hooks = _plain_hooks(plugin) if self.manager is None else None
        if hooks is not None:
            self._ask_each(hooks)
            return None
        manager = self.manager or _manager()
        try:
            self._ask_all(manager, plugin)
        finally:
            if manager.is_registered(plugin):
                manager.unregister(plugin)
        return None

    def _ask_all(self, manager: PluginManager, plugin: object) -> None:
        from driven import hookspecs

        try:
            manager.register(plugin, self.entry.name)
            manager.check_pending()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            unknown = [caller.name for caller in manager.get_hookcallers(plugin) or [] if not caller.has_spec()]
            if unknown:
                hint = _suggest(unknown[0], [name for name in vars(hookspecs.Hooks) if name.startswith("driven_")])
                return self._broken("PLG02", f"plugin {self.label} names an unknown hook `{unknown[0]}`", hint)
            return self._broken("PLG03", f"plugin {self.label} does not fit its hooks", "see docs/plugins.md", error)
        self._ask_each({caller.name: caller for caller in manager.get_hookcallers(plugin) or [] if caller.has_spec()})
        return None

    def _ask_each(self, hooks: dict[str, Callable[[], Any]]) -> None:
        """Ask each hook, whose answer is a list of answers: one for each function of that name."""
        for name in sorted(hooks):
            if name not in self.left_out:
                self._ask(name, hooks[name])
        if not hooks:
            message = f"plugin {self.label} has no hook"
            hint = "mark its hook functions with @hookimpl of driven.hookspecs"
            _report(self.registry, "PLG07", message, Span(path=self.entry.value), hint)

    def _ask(self, hook: str, caller: Callable[[], Any]) -> None:
        """Call one hook, check its whole answer, then take it or leave it."""
        from itertools import islice

        from driven.registry.contract import check, guard

        try:
            offers = [offer for answer in caller() for offer in islice(answer, MAX_OFFERS)]
            checked = [(offer, *check(hook, offer)) for offer in offers]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            hint = f"report it to the authors of `{self.entry.distribution}`"
            return self._broken("PLG04", f"hook `{hook}` of plugin {self.label} raised", hint, error)
        wrong = next((wrong for _, _, wrong in checked if wrong), "")
        if wrong:
            message = f"hook `{hook}` of plugin {self.label} offers {wrong}"
            return self._broken("PLG05", message, "see docs/plugins.md; nothing that this hook offers is used")
        for offer, name, _ in checked:
            self._take(hook, name, offer if self.entry.distribution == OWN else guard(hook, offer, self.label))
        return None

    def _take(self, hook: str, name: str, offer: Any) -> None:
        kind = hook.removeprefix("driven_").removesuffix("s")
        key = f"{kind} {name}"
        if kind == "command" and _built_in(name):
            message = f"plugin {self.label} offers the command `{name}`, which is built in"
            return self._broken("PLG06", message, "the built-in one stays: give the plugin's another name")
        first = self.owners.setdefault(key, self.entry)
        if first is not self.entry or key in self.offers:
            one = f"`{first.name}` ({f'{first.distribution} {first.version}'.strip()})"
            what = f"the editor `{name}`" if kind == "emitter" else f"the {kind} `{name}`"
            hint = f"{one} is used; set {DISABLE}={first.name} to use the other"
            if first.distribution == OWN:  # without it there would be little left
                hint = f"{one} is used: give the other's another name"
            return self._broken("PLG06", f"plugins {one} and {self.label} both offer {what}", hint)
        self.offers.append(key)
        table = getattr(self.registry, hook.removeprefix("driven_"))
        if isinstance(table, dict):
            table[name] = offer
        else:
            table.append(offer)
        return None

    def _broken(self, code: str, message: str, hint: str, error: BaseException | None = None) -> None:
        span = Span(path=self.entry.value)
        if error is not None:
            from driven.registry.contract import one_line, place

            message = f"{message}: {one_line(error)}"
            span = place(error) or span
        self.errors.append(message)
        _report(self.registry, code, message, span, hint)


def _plain_hooks(plugin: object) -> dict[str, Callable[[], Any]] | None:
    """Hook -> what asks it, for a module whose hooks are functions without arguments or options; else None, and
    pluggy decides what it is."""
    from driven import hookspecs

    mark = f"{hookspecs.PROJECT_NAME}_impl"
    if type(plugin) is not type(sys):
        return None
    found: dict[str, Callable[[], Any]] = {}
    for name, value in vars(plugin).items():
        options = getattr(value, mark, None)
        if options is None:
            continue
        code = getattr(value, "__code__", None)  # functions alone have one
        if name not in vars(hookspecs.Hooks) or code is None or code.co_argcount or any(options.values()):
            return None
        found[name] = _asking(value)
    return found


def _asking(function: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: [answer for answer in (function(),) if answer is not None]


def _built_in(name: str) -> bool:
    from driven.grammar.commands import COMMANDS

    return any(command.name == name for command in COMMANDS)


def _import(value: str) -> object:
    """What an entry point names: `module` or `module:attribute.attribute`, `[extras]` ignored."""
    from importlib import import_module

    module, _, attributes = value.partition("[")[0].strip().partition(":")
    found: object = import_module(module.strip())
    for attribute in filter(None, attributes.strip().split(".")):
        found = getattr(found, attribute)
    return found


def _info(
    entry: Entry, status: Status, error: str = "", offers: Iterable[str] = (), ring: str = "T"
) -> PluginInfo:  # fmt: skip
    return PluginInfo(
        name=entry.name, distribution=entry.distribution, version=entry.version, value=entry.value, status=status,
        error=error, offers=tuple(offers), ring=ring,
    )  # fmt: skip


def _report(registry: Registry, code: str, message: str, span: Span, hint: str) -> None:
    severity: Severity = "error" if code == "PLG06" else "warning"
    registry.diagnostics.append(Diagnostic(code=code, severity=severity, message=message, span=span, hint=hint))


def _suggest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    known = sorted(known)
    close = get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"there are: {', '.join(known)}"
