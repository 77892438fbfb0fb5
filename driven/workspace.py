"""A project, loaded: its configuration, plugins, rules, and what the last sync left."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from driven.core.ledger import SOURCE, Entry
from driven.errors import ConfigError, ProjectError
from driven.frozen import field, record, replace
from driven.hookspecs import Emitter
from driven.model.artefact import Settings
from driven.model.diagnostic import Diagnostic
from driven.model.plan import Owned
from driven.model.rule import Rule, RuleSet
from driven.project import ledger
from driven.project.config import Config, known_editors, read_config
from driven.project.disk import STATE
from driven.project.files import tick
from driven.project.sources import RULES, Sources, load_sources
from driven.registry import Registry, path_stamps
from driven.registry import load as load_plugins
from driven.resolve import select, unknown_targets
from driven.span import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.project.accepted import Loaded

AGENTS = "agents"  # the editor name under which AGENTS.md is written


@record
class Project:
    """A project, loaded: what a verb works on."""

    root: str
    config: Config
    plugins: Registry
    memory: ledger.Memory
    sources: Sources
    rules: RuleSet
    lock: dict[Owned, frozenset[str]]
    emitters: Mapping[str, Emitter]
    settings: Mapping[str, Settings]
    active: Mapping[str, bool]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)  # outputs that may have changed since the last sync
    stood: list[Entry] = field(default_factory=list)  # the settings files, before they were read

    def select(self, rules: Iterable[Rule], editor: str) -> Sequence[Rule]:
        """The rules that `editor` gets: `targets` and `when` applied."""
        return select(rules, editor, self.active)


def find_root(start: str | None = None) -> str:
    """The nearest folder at or above `start` (or the current one) that holds `.driven`. ProjectError when none does."""
    here = os.path.abspath(start or os.getcwd())
    if not os.path.isdir(here):
        raise ProjectError(f"`{here}` is not a folder", hint="name a folder of a project")
    folder = here
    while not os.path.isdir(os.path.join(folder, ".driven")):
        parent = os.path.dirname(folder)
        if parent == folder:
            raise ProjectError(f"no `.driven` folder in `{here}` or above it", hint="start with `driven init`")
        folder = parent
    return folder


@record
class Kept:
    """What one process may keep from one load of a project to the next: each is believed only while it holds.

    Without `strangers` no plugin is loaded that is not ours, and what syncs with such plugins remember is not used."""

    strangers: bool = True
    plugins: Registry | None = None
    found: tuple[object, ...] = ()  # where the plugins were found
    memory: ledger.Memory | None = None
    parsed: ledger.Memory | None = None  # the rule files of which nothing was said, as a `fresh` load read them


def load(root: str, *, fresh: bool = False, kept: Kept | None = None, checks: bool = False) -> Project:
    """Configuration, plugins, what the last sync left, and the rules. Read only.

    `fresh` takes nothing from the last sync, so that what was said of a rule before is said again, and none has a last
    good form. `kept` is what an earlier load of this process left. With `checks` the plugins are asked for theirs."""
    kept = kept or Kept()
    stood = ledger.setting_entries(root)
    found = tuple(path_stamps())
    if kept.plugins is None or kept.found != found:
        index = os.path.join(root, STATE, "plugins.index")
        kept.plugins = load_plugins(index_path=index, checks=checks, strangers=kept.strangers)
        kept.found = found
    plugins = kept.plugins
    if fresh:
        memory = ledger.Memory()
    else:
        memory = kept.memory = ledger.read_memory(root, kept.memory)
    if not kept.strangers:
        memory = replace(memory, current=False, agrees=False)
    lock = memory.lock if memory.current and memory.lock is not None else ledger.read_lock(root)
    began = tick()
    remembered = (kept.parsed or memory) if fresh else memory
    packs = None
    if any(os.path.lexists(os.path.join(root, path)) for path in (ledger.PACKS, ledger.PINS)):
        from driven.project.accepted import load_packs

        packs = load_packs(root, remembered, began, known=remembered.agrees or not lock)
        if packs.plugins and kept.strangers:
            plugins = _with_code(plugins, packs, root, checks)
    options = {name: emitter.target.allowed for name, emitter in plugins.emitters.items()}
    config = read_config(root, options)
    if lock and not (config.editors or config.disabled):
        raise ConfigError(
            "no editor is named in the configuration, but files were written for some; nothing was changed",
            hint="restore .driven/config.toml; an editor is switched off by `name = false`",
        )
    wanted, unknown = known_editors(config, options)
    diagnostics = [*plugins.diagnostics, *unknown]
    sources = load_sources(root, remembered, emitted=bool(lock), packs=packs)
    if fresh:
        kept.parsed = _parsed(sources, began)
    rules = RuleSet.of(sources.rules.values())
    diagnostics.extend(sources.diagnostics)
    if sources.lost and not fresh:
        message = "what an unreadable rule or pack wrote is not known on this machine: shared files and deletions wait"
        diagnostics.append(
            Diagnostic(code="SYN01", severity="warning", message=message, span=Span(path=RULES), hint="correct it")
        )
    diagnostics.extend(unknown_targets(rules, plugins.emitters))
    names = frozenset(wanted.editors)
    emitters = {name: plugins.emitters[name] for name in wanted.editors}
    if wanted.always == AGENTS and AGENTS in plugins.emitters:
        emitters.setdefault(AGENTS, plugins.emitters[AGENTS])
    settings = {
        name: Settings(
            options={**emitter.target.options, **wanted.editors.get(name, {})},
            editors=names, always=wanted.always, header=wanted.header,
        )
        for name, emitter in emitters.items()
    }  # fmt: skip
    return Project(
        root=root, config=wanted, plugins=plugins, memory=memory, sources=sources, rules=rules,
        lock=lock, emitters=emitters, settings=settings, active=_conditions(root, rules),
        diagnostics=diagnostics, stood=stood,
    )  # fmt: skip


def with_code(plugins: Registry, root: str) -> Registry:
    """What is plugged in, and the code of this project's packs as far as they are accepted."""
    if not os.path.isdir(os.path.join(root, ledger.PACKS)):
        return plugins
    from driven.project.accepted import load_packs

    packs = load_packs(root, ledger.Memory(), tick(), known=True)
    return _with_code(plugins, packs, root, checks=True) if packs.plugins else plugins


def _with_code(plugins: Registry, packs: Loaded, root: str, checks: bool) -> Registry:
    """What is plugged in, and the code that accepted packs bring, each in its ring."""
    from driven.registry.proxy import Guest, with_guests

    guests = [
        Guest(root, one.about.name, one.about.version, one.plugin, one.granted, one.digest) for one in packs.plugins
    ]
    return with_guests(plugins, guests, checks=checks)


def _parsed(sources: Sources, began: int) -> ledger.Memory:
    """What a later load of this process need not parse again."""
    for rule_id in sources.failed:
        sources.rules.pop(rule_id, None)
    told = {one.span.path for one in sources.diagnostics}
    entries = {os.fsdecode(entry[1]): entry for entry in sources.entries if entry[0] == SOURCE}
    known = {path: entry for path, entry in entries.items() if path not in told}
    return ledger.Memory(made_ns=began, sources=known, rules=dict(sources.rules))


def _conditions(root: str, rules: RuleSet) -> dict[str, bool]:
    """Rule id -> whether its `when` holds, for the rules that have one. The tree is listed once, and only for them."""
    asked = [rule for rule in rules if rule.when]
    if not asked:
        return {}
    from driven.format.condition import Facts, evaluate
    from driven.project.listing import list_files

    facts = Facts(list_files(root))
    return {rule.id: evaluate(rule.when, facts) for rule in asked}
