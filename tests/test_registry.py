"""The plugin door: every way a plugin can be right or wrong, with distributions as they lie in site-packages."""

from __future__ import annotations

import os
import stat
import sys
import textwrap
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from driven import hookspecs, registry
from driven.errors import PluginError
from driven.hookspecs import Emitter, Importer, SourceFile
from driven.model.artefact import Settings
from driven.model.rule import Rule
from driven.registry import index

HEAD = """
from driven.grammar.command import Command
from driven.hookspecs import Imported, ReadBack, hookimpl
from driven.model.artefact import Artefact, Emission, Loss
from driven.model.rule import Rule
from driven.model.target import Target, Way

def target(name):
    return Target(name=name, title=name, docs="https://example.com", verified="2026-11-21", files=(), ways={})

class Editor:
    def __init__(self, name, emitted=None):
        self.target = target(name)
        self.emitted = emitted
    def group(self, rule, settings):
        return rule.id
    def emit(self, rules, settings):
        if self.emitted is not None:
            return self.emitted
        return Emission(artefacts=tuple(Artefact(path=f"{rule.slug}.txt", text=rule.body) for rule in rules))

class Reader:
    patterns = ("*.txt",)
    def __init__(self, name):
        self.target = target(name)
    def read(self, files):
        return Imported(rules=tuple(Rule(id=file.path[:-4], body=file.data.decode()) for file in files))
    def follows(self, file):
        return ()
    def read_back(self, rule, path, text):
        return ReadBack(rule=rule)
"""


class Site:
    """A folder on sys.path into which a test installs distributions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def add(self, name: str, code: str = "", *, entry: str | None = None, version: str = "1.0", raw: str = "") -> None:
        """Install distribution `name`, whose one module holds HEAD and `code`, under the entry point `entry`."""
        module = "mod_" + name.replace("-", "_").replace(".", "_").lower()
        self.modules.append(module)
        (self.folder / f"{module}.py").write_text(HEAD + textwrap.dedent(code), encoding="utf-8")
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        text = raw or f"[driven]\n{entry or name} = {module}\n"
        (info / "entry_points.txt").write_text(text, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.delenv("DRIVEN_DISABLE_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(str(folder))
    made = Site(folder)
    yield made
    for module in made.modules:
        sys.modules.pop(module, None)


def strangers(found: registry.Registry) -> dict[str, registry.PluginInfo]:
    """The plugins of the test, without those that the checkout's own environment may have installed."""
    return {plugin.name: plugin for plugin in found.plugins if plugin.distribution != "driven"}


def codes(found: registry.Registry) -> list[str]:
    return [diagnostic.code for diagnostic in found.diagnostics]


GOOD = """
@hookimpl
def driven_emitters():
    return [Editor("notes")]
@hookimpl
def driven_importers():
    yield Reader("notes")
@hookimpl
def driven_commands():
    return (Command(name="hello", help="Say hello.", run="mod_good:hello"),)
class Words:
    name = "words"
    def count(self, text):
        return len(text.split())
@hookimpl
def driven_counters():
    return [Words()]
"""


def test_every_hook_is_joined(site: Site) -> None:
    site.add("good", GOOD)
    found = registry.load()
    assert strangers(found)["good"] == registry.PluginInfo(
        name="good",
        distribution="good",
        version="1.0",
        value="mod_good",
        status="loaded",
        offers=("command hello", "counter words", "emitter notes", "importer notes"),
    )
    assert codes(found) == []
    rule = Rule(id="a/b", body="text\n")
    assert isinstance(found.emitters["notes"], Emitter)
    assert found.emitters["notes"].group(rule, Settings()) == "a/b"
    assert [a.path for a in found.emitters["notes"].emit([rule], Settings()).artefacts] == ["a-b.txt"]
    assert isinstance(found.importers["notes"], Importer)
    assert found.importers["notes"].read([SourceFile(path="x.txt", data=b"hi")]).rules == (Rule(id="x", body="hi"),)
    assert found.commands["hello"].run == "mod_good:hello"
    assert [(c.name, c.count("one two")) for c in found.counters if c.name == "words"] == [("words", 2)]


BROKEN = {
    "raises": ("raise RuntimeError('no \\x1b[31mluck\\nat all')", "PLG01", "RuntimeError: no  [31mluck at all"),
    "exits": ("import sys; sys.exit(3)", "PLG01", "SystemExit: 3"),
    "syntax": ("def (", "PLG01", "SyntaxError"),
    "missing": ("import a_module_that_is_not_there", "PLG01", "a_module_that_is_not_there"),
    "recursion": ("def f(): return f()\nf()", "PLG01", "RecursionError"),
    "mute": ("class E(Exception):\n def __str__(self): raise ValueError\nraise E", "PLG01", "cannot be imported: E"),
    "misspelt": ("@hookimpl\ndef driven_emiters(): return []", "PLG02", "`driven_emiters`"),
    "arguments": ("@hookimpl\ndef driven_emitters(rules): return []", "PLG03", "rules"),
    "hook-raises": ("@hookimpl\ndef driven_emitters(): return 1 / 0", "PLG04", "ZeroDivisionError"),
    "hook-exits": ("@hookimpl\ndef driven_emitters(): raise SystemExit", "PLG04", "SystemExit"),
    "number": ("@hookimpl\ndef driven_emitters(): return 7", "PLG04", "'int' object is not iterable"),
    "late": ("@hookimpl\ndef driven_emitters():\n yield Editor('late')\n raise OSError('full')", "PLG04", ": full"),
    "object": ("@hookimpl\ndef driven_emitters(): return [object()]", "PLG05", "`object`, which has no `target`"),
    "class": ("@hookimpl\ndef driven_emitters(): return [Editor]", "PLG05", "the class `Editor` itself"),
    "half": ("class H:\n target = target('h')\n def group(self, r, s): pass\n"
             "@hookimpl\ndef driven_emitters(): return [H()]", "PLG05", "`H`, which has no `emit`"),
    "attribute": ("class H(Editor):\n emit = 3\n"
                  "@hookimpl\ndef driven_emitters(): return [H('h')]", "PLG05", "whose `emit` is not a method"),
    "target": ("class H(Editor):\n def __init__(self): self.target = 'notes'\n"
               "@hookimpl\ndef driven_emitters(): return [H()]", "PLG05", "`target` is str"),
    "name": ("@hookimpl\ndef driven_emitters(): return [Editor('../up')]", "PLG05", "'../up'"),
    "patterns": ("class R(Reader):\n patterns = '*.txt'\n"
                 "@hookimpl\ndef driven_importers(): return [R('r')]", "PLG05", "`patterns`"),
    "command": ("@hookimpl\ndef driven_commands(): return ['hello']", "PLG05", "`str` where a `Command`"),
    "command-name": ("@hookimpl\ndef driven_commands(): return [Command(name='--x', help='', run='a:b')]",
                     "PLG05", "'--x'"),
    "command-run": ("@hookimpl\ndef driven_commands(): return [Command(name='x', help='', run='os.system')]",
                    "PLG05", "module:function"),
    "counter": ("class C:\n name = 3\n def count(self, text): return 0\n"
                "@hookimpl\ndef driven_counters(): return [C()]", "PLG05", "`name` is no text"),
    "bare": ("def driven_emitters(): return [Editor('bare')]", "PLG07", "has no hook"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_named_and_the_others_live(site: Site, case: str) -> None:
    code, number, words = BROKEN[case]
    site.add(case, code)
    site.add("a-good", GOOD.replace("mod_good", "mod_a_good"))
    site.add("z-good", GOOD.replace("notes", "other").replace("hello", "hi").replace('"words"', '"w"'))
    found = registry.load()
    assert [plugin.status for name, plugin in sorted(strangers(found).items()) if name != case] == ["loaded"] * 2
    assert {"notes", "other"} <= set(found.emitters)
    assert codes(found) == [number]
    diagnostic = found.diagnostics[0]
    assert f"`{case}` ({case} 1.0)" in diagnostic.message
    assert words in diagnostic.message
    assert diagnostic.message.isprintable()
    assert diagnostic.hint
    plugin = strangers(found)[case]
    assert plugin.offers == ()
    if number == "PLG07":
        assert (plugin.status, plugin.error) == ("loaded", "")
    else:
        assert (plugin.status, plugin.error) == ("broken", diagnostic.message)
    assert diagnostic.severity == "warning"


def test_a_misspelt_hook_gets_a_suggestion(site: Site) -> None:
    site.add("misspelt", BROKEN["misspelt"][0])
    assert registry.load().diagnostics[0].hint == "did you mean `driven_emitters`?"


def test_an_import_error_says_where(site: Site) -> None:
    site.add("raises", "raise RuntimeError('x')")
    span = registry.load().diagnostics[0].span
    assert Path(span.path) == site.folder / "mod_raises.py"
    assert span.line == 1 + HEAD.count("\n")


def test_an_optional_hook_of_a_newer_contract_is_no_error(site: Site) -> None:
    site.add("newer", "@hookimpl(optionalhook=True)\ndef driven_dreams(): return []" + GOOD)
    found = registry.load()
    assert codes(found) == []
    assert "notes" in found.emitters


def test_ctrl_c_is_passed_on(site: Site) -> None:
    site.add("interrupts", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        registry.load()


def test_stdout_stays_ours(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.add("talks", "print('hi there')\n" + GOOD)
    registry.load()
    assert capsys.readouterr() == ("", "hi there\n")


def test_an_endless_answer_ends(site: Site) -> None:
    site.add("endless", "@hookimpl\ndef driven_emitters():\n while True: yield Editor('e')")
    found = registry.load()
    assert "e" in found.emitters
    assert set(codes(found)) == {"PLG06"}


def test_of_two_plugins_for_one_editor_the_first_is_used(site: Site) -> None:
    site.add("dist-b", "@hookimpl\ndef driven_emitters(): return [Editor('notes')]", entry="alpha")
    site.add("dist-a", "@hookimpl\ndef driven_emitters(): return [Editor('notes'), Editor('more')]", entry="beta")
    found = registry.load()
    assert codes(found) == ["PLG06"]
    assert found.diagnostics[0].severity == "error"
    assert found.diagnostics[0].message == (
        "plugins `alpha` (dist-b 1.0) and `beta` (dist-a 1.0) both offer the editor `notes`"
    )
    assert strangers(found)["alpha"].offers == ("emitter notes",)
    assert strangers(found)["beta"].offers == ("emitter more",)


def test_ours_wins_against_a_stranger(site: Site) -> None:
    site.add("Driven", "@hookimpl\ndef driven_emitters(): return [Editor('cursor')]", entry="cursor")
    site.add("acme", "@hookimpl\ndef driven_emitters(): return [Editor('cursor')]", entry="aaa")
    found = registry.load()
    assert [plugin.name for plugin in found.plugins] == ["cursor", "aaa"]
    assert type(found.emitters["cursor"]).__module__ == "mod_driven"
    assert codes(found) == ["PLG06"]
    assert "(driven 1.0)" in found.diagnostics[0].message
    assert "(acme 1.0)" in found.diagnostics[0].message


def test_a_built_in_command_stays(site: Site) -> None:
    site.add("acme", """
        @hookimpl
        def driven_commands():
            return [Command(name="sync", help="", run="a:b"), Command(name="sink", help="", run="a:b")]
    """)  # fmt: skip
    found = registry.load()
    assert set(found.commands) == {"sink"}
    assert codes(found) == ["PLG06"]
    assert "`sync`, which is built in" in found.diagnostics[0].message


def test_editors_leaves_out_ours_but_never_a_stranger(site: Site) -> None:
    site.add("driven", "@hookimpl\ndef driven_emitters(): return [Editor('cursor')]", entry="cursor")
    site.add("acme", GOOD)
    assert set(registry.load(editors=["cline"]).emitters) == {"notes"}
    assert set(registry.load(editors=["cursor"]).emitters) == {"cursor", "notes"}


@pytest.mark.parametrize("word", ["acme", "acme-rules", "all-third-party", " x , acme"])
def test_disabled(site: Site, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    site.add("acme-rules", "raise RuntimeError", entry="acme")
    monkeypatch.setenv("DRIVEN_DISABLE_PLUGINS", word)
    found = registry.load()
    assert strangers(found)["acme"].status == "disabled"
    assert "mod_acme_rules" not in sys.modules
    assert codes(found) == (["PLG09"] if "x" in word else [])


def test_without_strangers_none_is_imported_and_no_index_is_believed(site: Site, tmp_path: Path) -> None:
    site.add("acme", "raise RuntimeError")
    index = tmp_path / "plugins.index"
    ours = registry.load(index_path=str(index), strangers=False)
    assert strangers(ours)["acme"].status == "disabled" and "mod_acme" not in sys.modules
    assert "cursor" in ours.emitters and codes(ours) == [] and not index.exists()
    assert strangers(registry.load(index_path=str(index)))["acme"].status == "broken"
    index.write_text(index.read_text().replace("acme", "driven"))  # what a hostile project would say of its own
    sys.modules.pop("mod_acme", None)
    registry.load(index_path=str(index), strangers=False)
    assert "mod_acme" not in sys.modules


def test_disabling_a_name_that_is_not_there_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("acme", GOOD)
    monkeypatch.setenv("DRIVEN_DISABLE_PLUGINS", "acmee")
    found = registry.load()
    assert codes(found) == ["PLG09"]
    assert found.diagnostics[0].hint == "did you mean `acme`?"


def test_one_torn_list_of_entry_points_hides_no_other(site: Site) -> None:
    site.add("torn", raw="[driven]\nthis line has no equals sign\n")
    site.add("acme", GOOD)
    found = registry.load()
    assert codes(found) == ["PLG08"]
    assert "`torn`" in found.diagnostics[0].message
    assert strangers(found)["acme"].status == "loaded"


def test_an_attribute_and_extras_in_the_entry_point(site: Site) -> None:
    site.add("acme", "class Box:\n @hookimpl\n def driven_emitters(self): return [Editor('boxed')]\nbox = Box()",
             raw="[driven]\nacme = mod_acme:box [extra]\ngone = mod_acme:nothing.here\n")  # fmt: skip
    found = registry.load()
    assert "boxed" in found.emitters
    assert codes(found) == ["PLG01"]
    assert "nothing" in strangers(found)["gone"].error


CALLS = {  # the body of `emit`, what is said of it
    "raises": ("raise RuntimeError('bang')", "`emit` raised RuntimeError: bang"),
    "exits": ("raise SystemExit", "`emit` raised SystemExit"),
    "none": ("pass", "`emit` answers NoneType where an `Emission`"),
    "artefact": ("return Emission(artefacts=('x',))", "answers str where an `Artefact`"),
    "bytes": ("return Emission(artefacts=(Artefact(path='x', text=b''),))", "text for `x`"),
    "loss": ("return Emission(losses=('x',))", "a `Loss`"),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_strangers_mistake_at_work_names_the_stranger(site: Site, case: str) -> None:
    body, words = CALLS[case]
    code = f"class W(Editor):\n def emit(self, rules, settings): {body}\n"
    site.add("acme", code + "@hookimpl\ndef driven_emitters(): return [W('w')]")
    emitter = registry.load().emitters["w"]
    with pytest.raises(PluginError) as caught:
        emitter.emit([Rule(id="a", body="")], Settings())
    assert "plugin `acme` (acme 1.0)" in caught.value.message
    assert words in caught.value.message
    assert caught.value.hint


def test_the_group_is_guarded_too(site: Site) -> None:
    site.add("acme", """
        class W(Editor):
            def group(self, rule, settings): return 7
        @hookimpl
        def driven_emitters(): return [W("w")]
    """)  # fmt: skip
    with pytest.raises(PluginError, match="`group` answers int where text"):
        registry.load().emitters["w"].group(Rule(id="a", body=""), Settings())


def test_importers_and_counters_are_guarded_too(site: Site) -> None:
    site.add("acme", """
        class R(Reader):
            def read(self, files):
                return Imported(rules=("no rule",)) if files else None
        class C:
            name = "c"
            def count(self, text):
                return "many"
        @hookimpl
        def driven_importers(): return [R("r")]
        @hookimpl
        def driven_counters(): return [C()]
    """)  # fmt: skip
    found = registry.load()
    with pytest.raises(PluginError, match="`read` answers NoneType where an `Imported`"):
        found.importers["r"].read([])
    with pytest.raises(PluginError, match="`read` answers str where a `Rule`"):
        found.importers["r"].read([SourceFile(path="x.txt", data=b"")])
    with pytest.raises(PluginError, match="`count` answers str where a number"):
        next(counter for counter in found.counters if counter.name == "c").count("x")


SHELF = """
class S:
    def __init__(self, name, **said):
        self.name = name
        self.said = said
    def names(self):
        return self.said.get("names", ["standards/x"])
    def read(self, name):
        return self.said.get("read", b"")
    def compiled(self, name):
        return self.said.get("compiled")
"""


def test_templates_are_asked_for_only_by_who_wants_them(site: Site) -> None:
    site.add("acme", SHELF + "@hookimpl\ndef driven_templates(): return [S('acme')]")
    assert registry.load().templates == {} and registry.load(checks=True).templates == {}
    found = registry.load(editors=(), templates=True)
    assert [*found.templates] == ["driven", "acme"] and found.emitters == {}
    assert (
        found.templates["acme"].names() == ["standards/x"] and found.templates["acme"].compiled("standards/x") is None
    )
    assert strangers(found)["acme"].offers == ("template acme",)


@pytest.mark.parametrize(
    ("said", "call", "wrong"),
    [
        ("names=[1]", "names", "`names` answers list where a list of texts"),
        ("names=None", "names", "`names` raised TypeError"),
        ("read='text'", "read", "`read` answers str where bytes"),
        ("compiled='text'", "compiled", "`compiled` answers str where bytes or None"),
    ],
)
def test_a_shelf_is_guarded_too(site: Site, said: str, call: str, wrong: str) -> None:
    site.add("acme", SHELF + f"@hookimpl\ndef driven_templates(): return [S('acme', {said})]")
    shelf = registry.load(templates=True).templates["acme"]
    with pytest.raises(PluginError, match=wrong):
        shelf.names() if call == "names" else getattr(shelf, call)("standards/x")


@pytest.mark.parametrize("name", ["project", "Acme", "../up", ""])
def test_a_shelf_has_a_name_of_its_own(site: Site, name: str) -> None:
    site.add("acme", SHELF + f"@hookimpl\ndef driven_templates(): return [S({name!r})]")
    found = registry.load(templates=True)
    assert codes(found) == ["PLG05"] and "a name is lower-case letters" in found.diagnostics[0].message
    assert [*found.templates] == ["driven"]


# -- the index -------------------------------------------------------------------------------------------------------


def names(entries: list[index.Entry]) -> set[str]:
    return {entry.name for entry in entries if entry.distribution != "driven"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state/plugins.index"


def test_the_index_answers_what_the_search_answers(site: Site, path: Path) -> None:
    site.add("acme", GOOD)
    site.add("torn", raw="[driven]\nnonsense\n")
    searched = index.find(None)
    assert index.find(str(path)) == searched
    before = path.stat().st_mtime_ns
    assert index.find(str(path)) == searched
    assert path.stat().st_mtime_ns == before
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert os.listdir(path.parent) == ["plugins.index"]


def test_the_index_is_used_without_searching(site: Site, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add("acme", GOOD)
    searched = index.find(str(path))

    def searched_again() -> list[index.Entry]:
        raise AssertionError

    monkeypatch.setattr(index, "_search", searched_again)
    assert index.find(str(path)) == searched
    with pytest.raises(AssertionError):
        index.find(None)


def test_an_archive_or_an_egg_is_left_to_importlib_metadata(site: Site, tmp_path: Path, monkeypatch) -> None:
    site.add("acme", GOOD)
    direct = {entry.name for entry in index.find(None)}
    archive = tmp_path / "more.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped-2.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 2.0\n")
        file.writestr("zipped-2.0.dist-info/entry_points.txt", "[driven]\nzipped = mod_zipped\n")
    monkeypatch.syspath_prepend(str(archive))
    assert {entry.name for entry in index.find(None)} == direct | {"zipped"}


def test_an_installed_and_a_removed_distribution_are_seen(site: Site, path: Path) -> None:
    site.add("one", GOOD)
    assert names(index.find(str(path))) == {"one"}
    site.add("two", GOOD)
    assert names(index.find(str(path))) == {"one", "two"}
    (site.folder / "two-1.0.dist-info/entry_points.txt").unlink()
    (site.folder / "two-1.0.dist-info/METADATA").unlink()
    (site.folder / "two-1.0.dist-info").rmdir()
    assert names(index.find(str(path))) == {"one"}


def test_an_mtime_that_was_set_back_does_not_deceive(site: Site, path: Path) -> None:
    site.add("one", GOOD)
    index.find(str(path))
    was = site.folder.stat()
    site.add("two", GOOD)
    os.utime(site.folder, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert names(index.find(str(path))) == {"one", "two"}


@pytest.mark.parametrize(
    "change",
    [b"", b"driven", b"\x00" * 100, b"\xff\xfe", b"cut", b"tail", b"row", b"count", b"x" * (index.MAX_BYTES + 1)],
    ids=["empty", "torn", "zeros", "bytes", "cut", "tail", "row", "count", "huge"],
)  # fmt: skip
def test_a_corrupt_index_is_made_anew(site: Site, path: Path, change: bytes) -> None:
    site.add("acme", GOOD)
    good = index.find(str(path))
    whole = path.read_bytes()
    path.write_bytes(
        {
            b"cut": whole[:-8],
            b"tail": whole + b"\nevil\tos:system\tx\t1\t",
            b"row": whole.replace(b"\tmod_acme\t", b"\tos:system\t\t"),
            b"count": whole.replace(b"\nend ", b"\nend 9"),
        }.get(change, change)
    )
    assert index.find(str(path)) == good
    assert path.read_bytes() == whole


def test_an_index_of_another_place_version_or_time_is_not_believed(site: Site, path: Path) -> None:
    site.add("acme", GOOD)
    good = index.find(str(path))
    whole = path.read_bytes()
    stamp = str(site.folder.stat().st_mtime_ns).encode()
    for old, new in [(b"driven ", b"driven 9"), (sys.prefix.encode(), b"/elsewhere"), (stamp, b"1")]:
        forged = whole.replace(old, new, 1).replace(b"\tmod_acme\t", b"\tantigravity\t")
        assert forged != whole
        path.write_bytes(forged)
        assert index.find(str(path)) == good


def test_a_fifo_a_folder_and_a_link_in_its_place(site: Site, path: Path, tmp_path: Path) -> None:
    site.add("acme", GOOD)
    os.mkfifo(path)
    assert names(index.find(str(path))) == {"acme"}  # and does not wait for a writer
    path.unlink()
    path.mkdir()
    assert names(index.find(str(path))) == {"acme"}
    path.rmdir()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path.symlink_to(victim)
    assert names(index.find(str(path))) == {"acme"}
    assert victim.read_text() == "mine"


def test_no_write_through_a_linked_folder(site: Site, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project/.driven").mkdir(parents=True)
    (tmp_path / "project/.driven/state").symlink_to(tmp_path / "elsewhere")
    site.add("acme", GOOD)
    assert names(index.find(str(tmp_path / "project/.driven/state/plugins.index"))) == {"acme"}
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_is_absent_is_no_error_and_is_not_made(site: Site, tmp_path: Path) -> None:
    site.add("acme", GOOD)
    assert names(index.find(str(tmp_path / "none/plugins.index"))) == {"acme"}
    assert not (tmp_path / "none").exists()


def test_path_stamps(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(site.folder), "/no such folder", "nul\0", str(site.folder)])
    stamps = registry.path_stamps()
    assert stamps[:2] == [(str(site.folder), site.folder.stat().st_mtime_ns), ("/no such folder", -1)]
    assert [mtime for _, mtime in stamps[2:]] == [-1]


def test_strange_names_survive_the_index(site: Site, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = site.folder / "a\n\tb\udcff"
    odd.mkdir()
    monkeypatch.syspath_prepend(str(odd))
    site.add("acme", raw="[driven]\nna\tme = mod_acme\n")
    first = index.find(str(path))
    assert names(first) == {"na me"}
    assert index.find(str(path)) == first


def test_the_index_is_far_cheaper_than_the_search(site: Site, path: Path) -> None:
    for number in range(50):
        site.add(f"many{number}", GOOD)
    index.find(str(path))

    def best(where: str | None) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            index.find(where)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best(str(path)) * 5 < best(None)


def told(found: registry.Registry) -> tuple:
    """What a registry says, less the objects themselves."""
    ours = [plugin for plugin in found.plugins if plugin.distribution == "driven"]
    tables = (found.emitters, found.importers, found.commands)
    return ours, [[(name, type(offer)) for name, offer in table.items()] for table in tables], found.diagnostics


def test_our_own_plugins_come_through_the_same_door_with_and_without_pluggy(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVEN_DISABLE_PLUGINS", registry.ALL_THIRD_PARTY)
    made: list[object] = []
    manager = registry._manager
    monkeypatch.setattr(registry, "_manager", lambda: made.append(1) or manager())
    site.add("beside")
    light = told(registry.load())
    assert not made and {"agents", "cursor"} <= {plugin.name for plugin in light[0]}
    monkeypatch.setattr(registry, "_plain_hooks", lambda plugin: None)
    assert told(registry.load()) == light
    assert made


OWN = {
    "plain": GOOD,
    "misspelt": "@hookimpl\ndef driven_emiters(): return []",
    "arguments": "@hookimpl\ndef driven_emitters(rules): return []",
    "defaults": "@hookimpl\ndef driven_emitters(rules=()): return [Editor('mine')]",
    "optional": "@hookimpl(optionalhook=True)\ndef driven_dreams(): return []",
    "renamed": "@hookimpl(specname='driven_emitters')\ndef mine(): return [Editor('mine')]",
    "none": "@hookimpl\ndef driven_emitters(): return None",
    "raises": "@hookimpl\ndef driven_emitters(): return 1 / 0",
    "exits": "@hookimpl\ndef driven_emitters(): raise SystemExit",
    "object": "@hookimpl\ndef driven_emitters(): return [object()]",
    "class": "class driven_emitters:\n    driven_impl = {}",
    "instance": "class Box:\n @hookimpl\n def driven_emitters(self): return [Editor('mine')]\nbox = Box()",
    "bare": "",
}


@pytest.mark.parametrize("name", OWN)
def test_whatever_a_plugin_of_ours_is_both_doors_say_the_same(
    site: Site, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "mod_driven:box" if name == "instance" else "mod_driven"
    site.add("driven", OWN[name], raw=f"[driven]\nmine = {module}\n")  # stands before the installed one of that name
    light = told(registry.load())
    monkeypatch.setattr(registry, "_plain_hooks", lambda plugin: None)
    sys.modules.pop("mod_driven", None)
    assert repr(told(registry.load())) == repr(light)


@pytest.mark.parametrize(
    "options",
    [
        {}, {"tryfirst": True}, {"trylast": True, "specname": "driven_emitters"}, {"optionalhook": True},
        {"wrapper": True}, {"hookwrapper": True},
    ],
)  # fmt: skip
def test_a_hook_is_marked_as_pluggy_marks_it(options: dict) -> None:
    import pluggy

    theirs = pluggy.HookimplMarker(hookspecs.PROJECT_NAME)
    for mark in (hookspecs.hookimpl, theirs):

        @mark(**options)
        def driven_emitters() -> list:
            return []

        @theirs(**options)
        def wanted() -> list:
            return []

        assert driven_emitters.driven_impl == wanted.driven_impl

    def plain() -> list:
        return [1]

    assert hookspecs.hookimpl(plain) is plain and plain() == [1]
    assert plain.driven_impl == theirs(lambda: [1]).driven_impl  # type: ignore[attr-defined]
    spec = hookspecs.Hooks.driven_emitters.driven_spec
    assert spec == pluggy.HookspecMarker(hookspecs.PROJECT_NAME)(lambda self: None).driven_spec
    with pytest.raises(TypeError):
        hookspecs.hookimpl(tryfrst=True)


def test_a_protocol_is_told_by_its_members() -> None:
    class Half:
        target = None

        def group(self, rule: object, settings: object) -> str:
            return ""

    class Below(Emitter):  # type: ignore[misc]
        """A plugin may name what it offers as its base."""

    assert not isinstance(Half(), Emitter) and isinstance(Below(), Emitter) and not isinstance(Half(), Below)
