"""Plugins that come with packs: each runs in a ring, behind the hooks of every other plugin.

What it offers stands in the pack's `pack.toml`, which is signed, so that none of its code runs to be asked. It is
called by name: `emit(rules, options)` gives `[{"path", "text", "rules"}]`, `check(code, files)` gives
`[{"path", "line", "message", "hint"}]`. What it answers is checked like any stranger's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from driven.core.globs import Glob
from driven.errors import PluginError, SignatureError
from driven.frozen import replace
from driven.hookspecs import hookimpl
from driven.model.artefact import Artefact, Emission, Settings
from driven.model.check import About, Finding
from driven.model.rule import Rule, RuleSet
from driven.model.target import Target, Way
from driven.registry import Registry, add
from driven.registry.index import Entry
from driven.trust.capability import CapabilityManifest
from driven.trust.manifest import MAX_FILE
from driven.trust.pack import PackCheck, PackEditor, PackPlugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from driven.document.repository import Repository

_WAYS = ("always", "paths", "model", "manual")


class Guest:
    """One plugin of a pack, in its file, with the digest that was accepted."""

    def __init__(
        self, root: str, pack: str, version: str, plugin: PackPlugin, granted: CapabilityManifest, digest: str
    ) -> None:  # fmt: skip
        self.pack = pack
        self.version = version
        self.plugin = plugin
        self._root = root
        self._path = os.path.join(root, ".driven", "packs", pack, plugin.run)
        # What each plugin asks of a ring is held by the pack's grant, and by its own least ring where that is stronger.
        strongest = "WNLT"
        ring = min(plugin.min_ring, granted.min_ring, key=strongest.index)
        self.ring = ring
        self._manifest = replace(granted, min_ring=ring)  # type: ignore[arg-type]
        self._digest = digest

    def call(self, function: str, *params: object) -> Any:
        """Call one of its functions in the strongest ring there is. DrivenError for whatever goes wrong."""
        import tempfile

        from driven.trust.audit import AuditLog
        from driven.trust.budget import BudgetPool
        from driven.trust.rings import Sandbox

        data = self._accepted()
        with (
            AuditLog(os.path.join(self._root, ".driven", "state", "audit.jsonl")) as log,
            tempfile.TemporaryDirectory(prefix="driven-code-") as folder,
        ):
            sandbox = Sandbox(
                self._manifest, root=self._root, audit=log.record, budget=BudgetPool.of(self._manifest)
            )  # fmt: skip
            path = self._path
            if not data.startswith(b"\0asm"):  # a component is kept compiled, by what it was read from
                path = os.path.join(folder, os.path.basename(self._path))
                with open(path, "xb") as file:
                    file.write(data)
            return sandbox.run(path, function, params, name=self._path).value

    def _accepted(self) -> bytes:
        """Its file, as it was accepted: these bytes are what runs, whatever becomes of the file meanwhile."""
        from hashlib import sha256

        from driven.trust.key_store import read_plain

        data = read_plain(self._path, MAX_FILE)
        if sha256(data).hexdigest() != self._digest:
            raise SignatureError(f"`{self.plugin.run}` was changed since its pack was looked at", hint="run this again")
        return data

    @hookimpl
    def driven_emitters(self) -> Iterable[PackEmitter]:
        """Its editor, if it offers one."""
        return [PackEmitter(self, self.plugin.editor)] if self.plugin.editor is not None else []

    @hookimpl
    def driven_checks(self) -> Iterable[PackChecks]:
        """Its checks."""
        return [PackChecks(self, one) for one in self.plugin.checks]


class PackEmitter:
    """An editor that a pack's plugin writes for."""

    def __init__(self, guest: Guest, editor: PackEditor) -> None:
        self._guest = guest
        self._globs = [Glob(pattern) for pattern in editor.files]
        words = f"as the plugin `{guest.plugin.name}` of the pack `{guest.pack}` writes it"
        self.target = Target(
            name=editor.name, title=editor.title, docs=editor.docs, verified="", files=editor.files,
            ways={name: Way(fidelity="native", words=words) for name in _WAYS},
        )  # fmt: skip

    def group(self, rule: Rule, settings: Settings) -> str:
        """Each rule has files of its own."""
        return rule.id

    def emit(self, rules: Sequence[Rule], settings: Settings) -> Emission:
        """What the plugin makes of these rules. PluginError for a path that its pack did not name."""
        import json

        from driven.format.rules_json import to_json

        given = json.loads(to_json(RuleSet.of(rules), source=False))["rules"]
        known = {rule.id for rule in rules}
        made = []
        for one in _list(self._guest.call("emit", given, dict(settings.options)), "emit"):
            path, text, ids = one.get("path"), one.get("text"), one.get("rules")
            if not isinstance(path, str) or not isinstance(text, str) or not isinstance(ids, list):
                raise PluginError("`emit` gave a file without a path, a text or a list of rules")
            if not any(glob.match(path) for glob in self._globs):
                raise PluginError(f"`emit` gave `{path[:200]}`, and its pack names {', '.join(self.target.files)}")
            if not ids or not known.issuperset(ids):
                raise PluginError(f"`emit` gave `{path[:200]}` for no rule that it was given")
            _only_says(path, text)
            made.append(Artefact(path=path, text=text, rule_ids=tuple(ids)))
        return Emission(artefacts=tuple(made))


class PackChecks:
    """A check of a pack's plugin: asked once of all files that it is for, for a process costs more than a file."""

    def __init__(self, guest: Guest, check: PackCheck) -> None:
        self._guest = guest
        self.about = About(
            code=check.code, title=check.title, severity=check.severity, scope="repository",  # type: ignore[arg-type]
            places=check.places, why=check.why or check.title, url="", verified="", fresh=True,
        )  # fmt: skip

    def run(self, repository: Repository) -> Iterable[Finding]:
        """The findings of the plugin, each at the line that it names."""
        wanted = self.about.places
        documents = {one.path: one for one in (repository.documents if "text" in wanted else repository.of(*wanted))}
        if not documents:
            return
        given = [{"path": path, "text": document.text} for path, document in documents.items()]
        for one in _list(self._guest.call("check", self.about.code, given), "check"):
            path, line, message, hint = (one.get(key) for key in ("path", "line", "message", "hint"))
            document = documents.get(path) if isinstance(path, str) else None
            if document is None or not isinstance(message, str) or not isinstance(line, int):
                raise PluginError("`check` gave a finding without a message, a line, or a path that it was given")
            start, end = document.line_bounds(max(1, line))
            width = len(document.text[start:end].rstrip("\r\n"))
            yield Finding(
                message=message, path=document.path, start=start, end=start + width,
                hint=hint if isinstance(hint, str) else "",
            )  # fmt: skip


def with_guests(registry: Registry, guests: Sequence[Guest], *, checks: bool) -> Registry:
    """A registry that offers, besides, what the plugins of packs do; what is plugged in already stays first."""
    made = replace(
        registry, emitters=dict(registry.emitters), checks=dict(registry.checks), plugins=list(registry.plugins),
        diagnostics=list(registry.diagnostics),
    )  # fmt: skip
    for guest in guests:
        place = f".driven/packs/{guest.pack}/{guest.plugin.run}"
        entry = Entry(guest.plugin.name, place, f"pack {guest.pack}", guest.version)
        add(made, entry, guest, checks=checks)
    return made


def _only_says(path: str, text: str) -> None:
    """That a file which a stranger's code made says something, and does nothing by itself: what it would do could be
    another thing with every sync, so that nobody could have granted it. PluginError."""
    from driven.trust.rings.protected import why
    from driven.trust.surfaces import surfaces

    try:
        path.encode()
        data = text.encode()
    except UnicodeEncodeError:
        raise PluginError(f"`emit` gave `{ascii(path)[1:-1][:200]}` with half of a pair of UTF-16 in it") from None
    place = why(path)
    if place:
        raise PluginError(f"`emit` gave `{path[:200]}`: nothing foreign writes `{place}`, whatever its pack names")
    found = surfaces(path, data)
    if found:
        raise PluginError(f"`emit` gave a file that makes an editor do something: {found[0]}")


def _list(value: object, function: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise PluginError(f"`{function}` gave no list of tables")
    return value
