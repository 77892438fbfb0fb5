"""Opening templates: from memory, from the disk, by compiling; and never one of other texts than stand there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driven.errors import TemplateError
from driven.frozen import replace
from driven.fusion.binary_cache import BinaryCache
from driven.fusion.compiling import Delimiters, reference_render
from driven.fusion.dtm_file import render
from driven.fusion.loading import Counts, TemplateLoader
from driven.fusion.template import Template

HELLO = Template(name="standards/hello", text="Hello {{ who }}.\n", origin="project")
PARTS = {
    "base/page": "# {{ who }}\n{% block body %}none{% endblock %}\n{% include 'partials/end' %}\n",
    "partials/end": "The end, {{ who }}.\n",
}
PAGE = replace(HELLO, name="standards/page", text="{% extends 'base/page' %}{% block body %}Hi.{% endblock %}")
WHO = {"who": "Ana"}


@pytest.fixture
def cache(tmp_path: Path) -> BinaryCache:
    (tmp_path / "templates").mkdir(0o700)
    return BinaryCache(str(tmp_path / "templates"), max_bytes=1 << 24)


def text(loader: TemplateLoader, template: Template, parts: dict[str, str] | None = None) -> str:
    return render(loader.dtm(template, parts.__getitem__ if parts is not None else None), WHO)


def test_compiled_once_then_from_memory_then_from_the_disk(cache: BinaryCache) -> None:
    first = TemplateLoader(cache)
    assert [text(first, HELLO) for _ in range(3)] == ["Hello Ana.\n"] * 3
    assert first.counts == Counts(hot=2, disk=0, compiled=1)
    second = TemplateLoader(cache)
    assert [text(second, HELLO) for _ in range(2)] == ["Hello Ana.\n"] * 2
    assert second.counts == Counts(hot=1, disk=1, compiled=0)
    assert [cache.label(name) for name in os.listdir(cache.folder)] == ["standards/hello"]


def test_another_process_needs_no_jinja(cache: BinaryCache) -> None:
    """What stands in the cache is opened and rendered without the compiler."""
    text(TemplateLoader(cache), PAGE, PARTS)
    script = """
import sys
sys.modules["jinja2"] = None
from driven.fusion.binary_cache import BinaryCache
from driven.fusion.dtm_file import render
from driven.fusion.loading import TemplateLoader
from driven.fusion.template import Template
page, base, end = sys.argv[2:]
loader = TemplateLoader(BinaryCache(sys.argv[1], max_bytes=1 << 24))
parts = {"base/page": base, "partials/end": end}
made = loader.dtm(Template(name="standards/page", text=page, origin="project"), parts.__getitem__)
print(render(made, {"who": "Ana"}), loader.counts.disk)
"""
    words = [sys.executable, "-c", script, cache.folder, PAGE.text, *PARTS.values()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == f"{reference_render(PAGE.text, WHO, load=PARTS.__getitem__)} 1\n", done.stderr


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_change_of_what_is_included_is_seen(cache: BinaryCache, name: str) -> None:
    loader = TemplateLoader(cache)
    assert text(loader, PAGE, PARTS) == "# Ana\nHi.The end, Ana.\n"
    changed = {**PARTS, name: PARTS[name].replace("# ", "## ").replace("The end", "Over")}
    for one in (loader, TemplateLoader(cache)):
        assert text(one, PAGE, changed) == reference_render(PAGE.text, WHO, load=changed.__getitem__)
        assert text(one, PAGE, PARTS) == reference_render(PAGE.text, WHO, load=PARTS.__getitem__)
    third = TemplateLoader(cache)
    assert text(third, PAGE, changed) != text(third, PAGE, PARTS)
    assert third.counts == Counts(hot=0, disk=2, compiled=0), "both forms are kept"


def test_the_same_text_that_includes_others_elsewhere(cache: BinaryCache) -> None:
    """Two projects with one template, and other parts behind it: both lists are known."""
    one = {**PARTS, "base/page": "{% include 'a' %}", "a": "A {{ who }}"}
    two = {**PARTS, "base/page": "{% include 'b' %}", "b": "B {{ who }}"}
    for parts, wanted in ((one, "A Ana"), (two, "B Ana"), (PARTS, "# Ana\nHi.The end, Ana.\n")):
        assert text(TemplateLoader(cache), PAGE, parts) == wanted
    again = TemplateLoader(cache)
    for parts, wanted in ((one, "A Ana"), (two, "B Ana"), (PARTS, "# Ana\nHi.The end, Ana.\n")):
        assert text(again, PAGE, parts) == wanted
    assert again.counts.compiled == 0 and again.counts.disk == 3


def test_a_part_that_went_is_an_error_and_not_the_old_text(cache: BinaryCache) -> None:
    loader = TemplateLoader(cache)
    text(loader, PAGE, PARTS)
    less = {"base/page": PARTS["base/page"]}
    for one in (loader, TemplateLoader(cache)):
        with pytest.raises(TemplateError):
            text(one, PAGE, less)


def test_each_thing_that_it_hangs_on(cache: BinaryCache) -> None:
    marks = Delimiters(variable_start_string="[[", variable_end_string="]]")
    cases = [
        (HELLO, "Hello Ana.\n"),
        (replace(HELLO, delimiters=marks), "Hello {{ who }}.\n"),
        (replace(HELLO, text="Bye [[ who ]].\n", delimiters=marks), "Bye Ana.\n"),
        (replace(HELLO, text="Bye [[ who ]].\n"), "Bye [[ who ]].\n"),
        (replace(HELLO, origin="a pack"), "Hello Ana.\n"),
    ]
    for loader in (TemplateLoader(cache), TemplateLoader(cache)):
        for _ in range(2):
            for template, wanted in cases:
                assert text(loader, template) == wanted
    assert loader.counts.compiled == 0


PLAIN = ["a", "{{ who }}", "\n", "{% if who %}x{% endif %}", "é", "[["]
INCLUDING = [*PLAIN, "{% include 'p' %}", "{% include 'q' %}"]
PART = st.lists(st.sampled_from(PLAIN), max_size=6).map("".join)
TEXT = st.lists(st.sampled_from(INCLUDING), max_size=6).map("".join)


@given(rounds=st.lists(st.tuples(TEXT, PART, PART), min_size=1, max_size=6))
@settings(max_examples=60)
def test_what_is_opened_is_what_jinja_says(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[str, str, str]]
) -> None:
    """Whatever was opened before under the same name, in this process and in others."""
    folder = tmp_path_factory.mktemp("templates", numbered=True)
    folder.chmod(0o700)
    cache = BinaryCache(str(folder), max_bytes=1 << 24)
    kept = TemplateLoader(cache)
    for page, p, q in rounds:
        parts = {
            "p": p.replace("{% include 'p' %}", "").replace("{% include 'q' %}", ""),
            "q": q.replace("{% include 'q' %}", "").replace("{% include 'p' %}", ""),
        }
        template = replace(HELLO, text=page)
        wanted = reference_render(page, WHO, load=parts.__getitem__)
        for loader in (kept, TemplateLoader(cache)):
            assert text(loader, template, parts) == wanted


# Caches that do not hold


def test_a_broken_entry_is_compiled_anew(cache: BinaryCache) -> None:
    text(TemplateLoader(cache), PAGE, PARTS)
    for file in Path(cache.folder).iterdir():
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        file.write_bytes(data)
    loader = TemplateLoader(cache)
    assert text(loader, PAGE, PARTS).startswith("# Ana") and loader.counts.compiled == 1
    assert text(TemplateLoader(cache), PAGE, PARTS).startswith("# Ana")


@pytest.mark.parametrize("data", [b"", b"no template", b"DRVI\n", b"DRVI\n\xff\n", b"DRVI\nbase/page\n", b"DTM\0" * 30])
def test_an_entry_of_another_version_is_compiled_anew(cache: BinaryCache, data: bytes) -> None:
    """Whole, and verified, and not what this driven understands."""
    text(TemplateLoader(cache), PAGE, PARTS)
    for name in os.listdir(cache.folder):
        assert cache.put(name, data)
    loader = TemplateLoader(cache)
    assert text(loader, PAGE, PARTS).startswith("# Ana") and loader.counts.compiled == 1


def test_without_a_place_for_a_cache(cache: BinaryCache) -> None:
    loader = TemplateLoader(BinaryCache(None, max_bytes=0))
    assert text(loader, HELLO) == text(loader, HELLO) == "Hello Ana.\n"
    assert loader.counts == Counts(hot=1, disk=0, compiled=1, refused=1)


def test_by_default_it_is_the_cache_of_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path))
    text(TemplateLoader(), HELLO)
    loader = TemplateLoader()
    text(loader, HELLO)
    assert loader.counts.disk == 1 and len(list((tmp_path / "driven/templates").iterdir())) == 1


def test_what_does_not_compile_is_told_each_time(cache: BinaryCache) -> None:
    loader = TemplateLoader(cache)
    for _ in range(2):
        with pytest.raises(TemplateError):
            loader.dtm(replace(HELLO, text="{% if %}"))
    assert os.listdir(cache.folder) == [] and text(loader, HELLO) == "Hello Ana.\n"


def test_memory_is_bounded(cache: BinaryCache) -> None:
    loader = TemplateLoader(cache, hot=3)
    many = [replace(HELLO, text=f"{i} {{{{ who }}}}") for i in range(10)]
    for template in (*many, *many):
        text(loader, template)
    assert loader.counts.compiled == 10 and loader.counts.disk >= 7


def test_threads_that_want_the_same_compile_it_once(cache: BinaryCache) -> None:
    loader = TemplateLoader(cache)
    wrong: list[str] = []

    def work() -> None:
        for i in range(20):
            made = text(loader, replace(HELLO, text=f"{i} {{{{ who }}}}"))
            if made != f"{i} Ana":
                wrong.append(made)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and loader.counts.compiled == 20 and loader.counts.hot == 60


WARM = """
import sys
from driven.fusion.binary_cache import BinaryCache
from driven.fusion.dtm_file import render
from driven.fusion.loading import TemplateLoader
from driven.fusion.template import Template
loader = TemplateLoader(BinaryCache(sys.argv[1], max_bytes=1 << 24))
sys.stdin.readline()
for i in range(40):
    template = Template(name=f"t{i}", text=f"{i} {{{{ who }}}}{{% include 'p' %}}")
    assert render(loader.dtm(template, lambda name: "part"), {"who": "Ana"}) == f"{i} Anapart"
print(loader.counts.compiled, loader.counts.disk)
"""


def test_two_processes_warm_one_cache(cache: BinaryCache) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-c", WARM, cache.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60)[0].split() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert all(int(compiled) + int(disk) == 40 for compiled, disk in said)
    names = os.listdir(cache.folder)
    assert len(names) == 80 and all(map(cache.get, names))
    third = TemplateLoader(cache)
    load: Callable[[str], str] = lambda name: "part"  # noqa: E731
    for i in range(40):
        third.dtm(Template(name=f"t{i}", text=f"{i} {{{{ who }}}}{{% include 'p' %}}"), load)
    assert third.counts == Counts(hot=0, disk=40, compiled=0)
