"""The commands of workspace/executeCommand, a function each: one object in, one object out. What cannot be done is an
error in one sentence that says what to do. Longer than 350 lines: a command is a function, and there are thirteen."""

from __future__ import annotations

import os
import platform
import sys

from driven import __version__
from driven.errors import DrivenError, ProjectError, UsageError
from driven.project.sources import RULES
from driven_lsp.convert import path_of, uri_of
from driven_lsp.landing_text import counted
from driven_lsp.plain import plain_text
from driven_lsp.session import Settings, argument
from driven_lsp.snapshot import Snapshot
from driven_lsp.taking import id_of_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from driven.model.plan import Create, Delete
    from driven_lsp.root import Root, Told
    from driven_lsp.server import Server

    Arguments = Mapping[str, Any]
    Answer = Awaitable[dict[str, Any]]

MOST = 1_000  # files of one answer
UNSAFE = "{} left with an unsafe repair: the file may mean something else then; choose the quick fix if you mean that"
NEW_RULE = "---\ndescription: {title}\n---\n\n# {title}\n\n"


class Commands:
    """What the commands of one session do."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def all(self) -> dict[str, Callable[[Arguments], Answer]]:
        """Every command by its name."""
        return {
            "driven.sync": self.sync,
            "driven.explain": self.explain,
            "driven.explainCode": self.explain_code,
            "driven.matches": self.matches,
            "driven.openEmitted": self.open_emitted,
            "driven.openRule": self.open_rule,
            "driven.sides": self.sides,
            "driven.resolveConflict": self.resolve_conflict,
            "driven.adopt": self.adopt,
            "driven.fixAll": self.fix_all,
            "driven.newRule": self.new_rule,
            "driven.import": self.import_file,
            "driven.debugInfo": self.debug_info,
        }

    # Writing

    async def sync(self, given: Arguments) -> dict[str, Any]:
        """Sync one root, or every one that is a project."""
        roots = [self._place(given)[0]] if _is_placed(given) else self._projects()
        answers = []
        for root in roots:
            async with self._server.client.progress(f"driven: syncing {root.name}"):
                try:
                    answers.append(_told(await root.sync()))
                except DrivenError as error:
                    if len(roots) == 1:
                        raise
                    wrong = f"{root.name}: {message_of(error)}"  # the others are synced all the same
                    told = {"written": [], "conflicts": [], "problems": [wrong], "seconds": 0.0, "message": wrong}
                    answers.append(told)
        answer = answers[0] if len(answers) == 1 else _joined(answers)
        self._server.client.say(answer["message"], is_wrong=bool(answer["problems"] or answer["conflicts"]))
        return answer

    async def resolve_conflict(self, given: Arguments) -> dict[str, Any]:
        """Decide one file's conflict: `take` the rule's side or the edited one."""
        root, path = self._place(given)
        take = argument(given, "take")
        if take not in ("rule", "edited"):
            raise UsageError(f"`take` is `{take[:40]}`, and no side is called so", hint='it is "rule" or "edited"')
        root.may_write()
        path = await self._in_conflict(root, path)
        if path not in root.outputs():
            what = path or root.name
            raise UsageError(f"`{what}` is not written by driven", hint="name the file that is in conflict")
        told = await root.decide(path, take)
        answer = _told(told)
        if path not in (*told.written, *told.conflicts) and told.conflicts and path in root.decided:
            answer["message"] = (
                f"`{path}` is decided and waits for `{told.conflicts[0]}`, a conflict over the same rule"
            )
        self._server.client.say(answer["message"], is_wrong=path in told.conflicts)
        return answer

    async def adopt(self, given: Arguments) -> dict[str, Any]:
        """Take the edited side of one file into its rule."""
        return await self.resolve_conflict({**given, "take": "edited"})

    async def fix_all(self, given: Arguments) -> dict[str, Any]:
        """Apply every safe repair (every one with `unsafe`), of one file or of all, through the client."""
        from driven_lsp.features.code_action import fix_all

        unsafe = given.get("unsafe") is True
        placed = [self._place(given)] if _is_placed(given) else [(root, "") for root in self._roots()]
        changed: list[str] = []
        left = waiting = 0
        for root, path in placed:
            await root.ready()
            paths = [path] if path else sorted({*root.view.told, *root.open} - {""} if root.view is not None else ())
            ask = lambda s, paths=paths: fix_all(s, paths, unsafe=unsafe)  # noqa: E731
            edits, rest, risky = await root.ask(ask)
            left, waiting = left + rest, waiting + risky
            if edits.edits or edits.renames:
                if not await self._server.client.apply(root, edits, "driven: fix all"):
                    raise ProjectError("the editor did not take the repairs", hint="run `driven validate --fix`")
                changed += sorted({one.place.path for one in edits.edits} | {old for old, _ in edits.renames})
        if waiting:
            self._server.client.say(UNSAFE.format(counted(waiting, "finding")))
        return {"changed": changed, "left": left, "unsafe": waiting}

    async def new_rule(self, given: Arguments) -> dict[str, Any]:
        """Make `.driven/rules/<id>.md` and open it."""
        rule_id = id_of_name(argument(given, "id"))
        root = self._place(given)[0] if _is_placed(given) else self._projects()[0]
        root.may_write()
        path = f"{RULES}/{rule_id}.md"
        full = os.path.join(root.path, path)
        if os.path.lexists(full) or await root.ask(lambda s: bool(s.rule_path(rule_id))):
            raise UsageError(f"there is a rule `{rule_id}`", hint="choose another id")
        title = rule_id.rpartition("/")[2].replace("-", " ").capitalize()
        # Not through the client: some apply the text before they make the file, and few save it.
        await self._server.compute(lambda: _make(root.path, path, NEW_RULE.format(title=title)))
        root.on_disk((path,))
        await self._server.client.show(full)
        return {"uri": uri_of(full), "id": rule_id}

    async def import_file(self, given: Arguments) -> dict[str, Any]:
        """Make a rule of an editor's file."""
        root, path = self._place(given)
        root.may_write()

        def work() -> tuple[list[str], list[tuple[str, str]]]:
            from driven.intake import import_files

            report = import_files(root.path, [os.path.join(root.path, path)])
            return [rule.id for rule in report.rules], [(one.message, one.hint) for one in report.diagnostics]

        made, wrong = await self._server.compute(work)
        root.on_disk()
        if not made and wrong:
            message, hint = wrong[0]
            raise UsageError(message, hint=hint)
        paths = [f"{RULES}/{one}.md" for one in made]
        message = f"`{path}` is a rule already; `driven.openRule` opens it"
        if made:
            named = ", ".join(f"`{one}`" for one in paths)
            message = f"imported as {named}; look at it, then save it or sync: every editor gets it"
        self._server.client.say(message)
        if len(made) == 1:
            await self._server.client.show(os.path.join(root.path, paths[0]))
        return {"rules": made, "uris": [uri_of(os.path.join(root.path, one)) for one in paths], "message": message}

    # Looking

    async def explain(self, given: Arguments) -> dict[str, Any]:
        """Which rules hold for a file, as Markdown."""
        from driven_lsp.features.rules_here import explain

        root, path = self._place(given)
        markdown = await root.ask(lambda s: explain(s, path), whole=True)
        if not markdown:
            raise ProjectError(f"`{root.name}` has no `.driven` folder", hint="run `driven init` in it")
        rule_id = Snapshot.id_of(path)
        title = f"rule {rule_id}" if rule_id else f"rules for {path}"
        return {"markdown": markdown, "text": plain_text(markdown), "path": path, "title": title}

    async def matches(self, given: Arguments) -> dict[str, Any]:
        """The files that the globs of a rule match, or of any file of an editor's that has globs; opens the one."""
        from driven_lsp.features.matches import globs_of, matches

        root, path = self._place(given)
        found = await root.ask(lambda s: matches(s, path))
        files = [{"path": one, "uri": uri_of(os.path.join(root.path, one))} for one in found[:MOST]]
        number = f"{len(found):,} {'file matches' if len(found) == 1 else 'files match'}"
        named = ", ".join(f"`{one}`" for one in found[:5]) + (" …" if len(found) > 5 else "")
        message = f"{number}: {named}"
        if not found:
            has_globs = await root.ask(lambda s: bool(globs_of(s, path)))
            message = f"no file matches the globs of `{path}`" if has_globs else f"there are no globs in `{path}`"
        self._server.client.say(message)
        if len(files) == 1:
            await self._server.client.show(os.path.join(root.path, found[0]))
        return {"files": files, "count": len(found), "message": message}

    async def explain_code(self, given: Arguments) -> dict[str, Any]:
        """Why a finding is one, as Markdown."""
        code = argument(given, "code")
        from driven_lsp.features.explain_code import explain_code

        root = next(iter(self._roots()), None)
        if root is None:
            raise ProjectError("no folder is open", hint="open the project's folder in the editor")
        return {"markdown": await root.ask(lambda s: explain_code(s, code)), "code": code}

    async def open_emitted(self, given: Arguments) -> dict[str, Any]:
        """The files that a rule, or the rule of a file, is written to; opens the one that is meant."""
        root, path = self._place(given) if _is_placed(given) else (self._projects()[0], "")
        rule_id, editor = argument(given, "rule"), argument(given, "editor")

        def look(snapshot: Snapshot) -> list[dict[str, str]]:
            wanted = rule_id or snapshot.id_of(path)
            if not wanted and snapshot.output(path) is None:
                raise UsageError("no rule is named", hint="call it in a rule's file, or name one")
            outputs = snapshot.outputs_of(wanted) if wanted else []
            return [
                {
                    "path": output.path,
                    "uri": uri_of(os.path.join(root.path, output.path)),
                    "editor": name,
                    "title": snapshot.targets[name].title,
                }
                for output in outputs
                for name in output.editors
                if not editor or name == editor
            ]

        files = await root.ask(look, whole=True)
        if not files:
            where = f" in {editor}" if editor else ""
            raise UsageError(f"the rule is in no file{where}", hint="hover over its title to see why")
        if len({file["path"] for file in files}) == 1 or editor:
            await self._server.client.show(os.path.join(root.path, files[0]["path"]))
        return {"files": files}

    async def open_rule(self, given: Arguments) -> dict[str, Any]:
        """Where the rules of a file that driven writes come from; opens the one."""
        from driven_lsp.features.definition import definition
        from driven_lsp.values import Here

        root, path = self._place(given)
        line = given.get("line")

        def look(snapshot: Snapshot) -> list[tuple[str, str, int]]:
            output = snapshot.output(path)
            if output is None:
                raise UsageError(f"`{path}` is not written by driven", hint="open a file that a rule is written to")
            ids = list(output.rule_ids)
            document = snapshot.document(path)
            if isinstance(line, int) and document is not None:
                here = Here(snapshot=snapshot, path=path, offset=document.line_bounds(line + 1)[0])
                meant = {snapshot.id_of(target.place.path) for target in definition(here)}
                ids = [one for one in ids if one in meant] or ids
            return [(one, snapshot.rule_path(one), 0) for one in ids if snapshot.rule_path(one)]

        found = await root.ask(look, whole=True)
        if len(found) == 1:
            await self._server.client.show(os.path.join(root.path, found[0][1]))
        rules = [{"id": one, "uri": uri_of(os.path.join(root.path, at)), "line": line} for one, at, line in found]
        return {"rules": rules}

    async def sides(self, given: Arguments) -> dict[str, Any]:
        """Both sides of a file that driven writes."""
        from driven_lsp.features.sides import sides

        root, path = self._place(given)
        path = await self._in_conflict(root, path)
        answer = await root.ask(lambda s: sides(s, path), whole=True)
        return {**answer, "uri": uri_of(os.path.join(root.path, path))}

    async def debug_info(self, given: Arguments) -> dict[str, Any]:
        """What a report of a mistake needs."""
        server = self._server
        roots = []
        for root in self._roots():
            view = root.view
            roots.append({
                "path": root.path, "managed": root.is_managed, "rules": len(view.rules) if view is not None else 0,
                "documents": len(view.documents) if view is not None else 0, "open": sorted(root.open),
                "problem": str(view.problem or "") if view is not None else "",
            })  # fmt: skip
        view = next((root.view for root in self._roots() if root.view is not None), None)
        plugins = view.plugins.plugins if view is not None else []
        import driven.core.markdown as core

        return {
            "version": __version__, "python": platform.python_version(), "executable": sys.executable,
            "compiled": not str(core.__file__).endswith(".py"), "client": server.client_name,
            "encoding": server.convert.encoding, "pulls": server.pulls, "trusted": server.session.trusted,
            "settings": {name: getattr(server.session.settings, name) for name in Settings.__annotations__},
            "roots": roots, "plugins": [f"{one.name} {one.version} {one.status}" for one in plugins],
        }  # fmt: skip

    # Where

    @staticmethod
    async def _in_conflict(root: Root, path: str) -> str:
        """The file that is meant: of a rule, the one that is in conflict with it. UsageError where there is none, or
        more than one."""
        if not path.startswith(RULES + "/"):
            await root.ready()
            return path
        files = await root.ask(lambda s: [one.path for one in s.conflicts.rules.get(path, ())], whole=True)
        if len(files) == 1:
            return files[0]
        if not files:
            raise UsageError(f"`{path}` is in no conflict", hint="name the file that is")
        named = ", ".join(f"`{one}`" for one in files)
        raise UsageError(f"`{path}` is in conflict in {len(files)} files: {named}", hint="name one of them, or open it")

    def _place(self, given: Arguments) -> tuple[Root, str]:
        """The root and the path that a command is about: a `uri`, or the `path` of our own lenses."""
        uri = argument(given, "uri")
        full = path_of(uri)
        if full:
            if full in self._server.session.roots:
                return self._server.session.roots[full], ""
            found = self._server.session.relative(full)
            if found is not None:
                return found
            if os.path.isdir(full):
                for root in self._roots():
                    if root.path == full or full.startswith(os.path.join(root.path, "")):
                        return root, ""
        if not full:
            raise UsageError(f"`{uri}` is no file of this machine", hint="save it, or name one: `file:///home/me/x.md`")
        raise UsageError(f"`{full}` is in no folder that is open", hint="open the project's folder in the editor")

    def _roots(self) -> list[Root]:
        return list(self._server.session.roots.values())

    def _projects(self) -> list[Root]:
        """The roots that have a `.driven`; ProjectError when there is none."""
        found = [root for root in self._roots() if root.is_managed]
        if not found:
            raise ProjectError("no folder that is open has a `.driven`", hint="run `driven init` in the project")
        return found


def _is_placed(given: Arguments) -> bool:
    return bool(argument(given, "uri"))


def _told(told: Told) -> dict[str, Any]:
    return {
        "written": list(told.written), "conflicts": list(told.conflicts), "problems": list(told.problems),
        "seconds": round(told.seconds, 4), "message": told.message,
    }  # fmt: skip


def _joined(answers: list[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {"written": [], "conflicts": [], "problems": [], "seconds": 0.0}
    for one in answers:
        for name in ("written", "conflicts", "problems", "seconds"):
            whole[name] = whole[name] + one[name]
    whole["message"] = "; ".join(dict.fromkeys(one["message"] for one in answers))
    return whole


def _make(root: str, path: str, text: str) -> None:
    """Make a rule's file in the one way that files are written here. DrivenError when it cannot be."""
    from driven.model.plan import Create

    _write(root, [Create(path=path, after=text.encode())])


def move(root: str, old: str, new: str) -> None:
    """Rename a file of the project. DrivenError when it cannot be, or something stands there."""
    from driven.model.plan import Create, Delete
    from driven.project.reading import read_file

    if os.path.lexists(os.path.join(root, new)):
        raise UsageError(f"`{new}` is there already", hint="choose another name")
    try:
        data, _ = read_file(os.path.join(root, old), 16 << 20)
    except OSError as error:
        raise ProjectError(f"`{old}` cannot be read: {(error.strerror or 'unknown').lower()}") from None
    _write(root, [Create(path=new, after=data)])
    _write(root, [Delete(path=old, before=data)])


def _write(root: str, changes: Sequence[Create | Delete]) -> None:
    from driven.project.disk import Tree
    from driven.project.writer import Writer

    with Tree(root) as tree, Writer(tree):
        failed = tree.apply(changes, None).failed
    for name, why in failed.items():
        raise ProjectError(f"`{name}` {why}")


def message_of(error: DrivenError) -> str:
    """An error as one sentence for a client, with the file that it is about."""
    text = error.message
    if error.span is not None and error.span.path and f"`{error.span.path}`" not in text:
        text = f"{error.span.path}:{error.span.line}: {text}"
    text = f"{text}; {error.hint}" if error.hint else text
    return f"{text} (and {counted(len(error.all) - 1, 'more mistake')})" if len(error.all) > 1 else text
