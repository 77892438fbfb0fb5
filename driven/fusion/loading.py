"""A template, opened: from memory, else from the cache on disk, else compiled now and kept in both.

What is kept hangs on the text, its delimiters, its name, the texts that it includes or extends, and on the compiler.
Which texts those are is known only once it was compiled. So the first entry of a template with includes names them
(the last few such lists: the same text may include other parts in another project), and the compiled form stands under
the digest of all of them. When a list leads to a form, it is the right one: what a text includes is said by the text
and by what it includes, and all of that is in the digest.
"""

from __future__ import annotations

import os
import threading

from driven import __version__
from driven.core._rt import FormatError
from driven.core.clock import CAPACITY, HotCache
from driven.core.dtm import Dtm
from driven.errors import DrivenError
from driven.frozen import record
from driven.fusion.binary_cache import BinaryCache, key_of
from driven.fusion.caches import open_cache
from driven.fusion.compiling import COMPILER, compile_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from driven.fusion.template import Template

    Load = Callable[[str], str]

_LISTS = b"DRVI\n"  # what an entry begins with that names includes
MOST_LISTS = 4
MOST_NAMES = 200  # in one list


@record
class Counts:
    """From where templates came: how many from memory, from the disk, and from the compiler; `refused`: of these, how
    many the disk did not take."""

    hot: int = 0
    disk: int = 0
    compiled: int = 0
    refused: int = 0


class _Hot:
    """What is in memory: a compiled form, and the texts that it was made of."""

    __slots__ = ("delimiters", "dtm", "included", "text")

    def __init__(self, dtm: Dtm, template: Template, included: dict[str, str | None]) -> None:
        self.dtm = dtm
        self.text = template.text
        self.delimiters = template.delimiters
        self.included = included

    def holds(self, template: Template, load: Load | None) -> bool:
        """Whether it is what these texts give."""
        if self.text != template.text or self.delimiters != template.delimiters:
            return False
        return not self.included or all(_source(load, name) == text for name, text in self.included.items())


class TemplateLoader:
    """Opens templates. `cache`: where compiled ones are kept, None for the person's own; `hot`: how many stay in
    memory. Threads may share it."""

    def __init__(self, cache: BinaryCache | None = None, *, hot: int = CAPACITY) -> None:
        self.counts = Counts()
        self._cache = cache
        self._hot = HotCache(hot)
        self._lock = threading.Lock()

    def dtm(self, template: Template, load: Load | None = None) -> Dtm:
        """`template`, ready to be rendered. `load` gives the text of one that it includes or extends.

        What cannot be compiled is a TemplateError, as it is where Jinja2 is needed and not installed.
        """
        name = f"{template.origin}\0{template.name}\0{hash(template.text)}"
        found = self._hot.get(name)
        if isinstance(found, _Hot) and found.holds(template, load):
            self.counts.hot += 1
            return found.dtm
        with self._lock:  # whoever wants the same at the same time gets what was made
            found = self._hot.get(name)
            if isinstance(found, _Hot) and found.holds(template, load):
                self.counts.hot += 1
                return found.dtm
            made = self._kept(template, load) or self._compiled(template, load)
            self._hot.put(name, made)
            return made.dtm

    def _kept(self, template: Template, load: Load | None) -> _Hot | None:
        """What the disk has, None where that is not what these texts give."""
        cache, key = self._disk(), _key(template)
        data = cache.get(key)
        for names in _lists(data) if data is not None else ():
            included = {name: _source(load, name) for name in names}
            if None in included.values():
                continue
            data = cache.get(_key_with(key, included)) if included else data
            if data is None:
                continue
            try:
                dtm = _opened(data, template)  # its bytes are those that were put: the cache has verified them
            except FormatError:  # of another version
                continue
            self.counts.disk += 1
            return _Hot(dtm, template, included)
        return None

    def _compiled(self, template: Template, load: Load | None) -> _Hot:
        included: dict[str, str | None] = {}

        def noted(name: str) -> str:
            included[name] = None
            if load is None:
                raise KeyError(name)
            text = included[name] = load(name)
            return text

        data = compile_template(
            template.text, name=template.name, load=noted if load is not None else None, delimiters=template.delimiters
        )  # fmt: skip
        dtm = _opened(data, template)
        self.counts.compiled += 1
        if None not in included.values() and len(included) <= MOST_NAMES and all(map(_is_plain, included)):
            self.counts.refused += not self._keep(template, data, included)
        return _Hot(dtm, template, included)

    def _keep(self, template: Template, data: bytes, included: dict[str, str | None]) -> bool:
        cache, key = self._disk(), _key(template)
        if not included:
            return cache.put(key, data, template.name)
        before = cache.get(key)
        lists = [list(included)]
        lists += [names for names in _lists(before) if names and names != lists[0]] if before is not None else []
        named = f"{template.name}: what it includes"
        return cache.put(_key_with(key, included), data, template.name) and cache.put(
            key, _LISTS + _joined(lists[:MOST_LISTS]), named
        )

    def _disk(self) -> BinaryCache:
        if self._cache is None:
            self._cache = open_cache("templates")
        return self._cache


def _opened(data: bytes, template: Template) -> Dtm:
    dtm = Dtm(data)
    dtm.path = template.name
    return dtm


def _source(load: Load | None, name: str) -> str | None:
    """The text of an included one, None where there is none."""
    if load is None:
        return None
    try:
        return load(name)
    except (DrivenError, LookupError, OSError):
        return None


def _key(template: Template) -> str:
    return key_of(
        _compiler(), template.name.encode("utf-8", "surrogatepass"),
        "\0".join(template.delimiters.marks).encode("utf-8", "surrogatepass"),
        template.text.encode("utf-8", "surrogatepass"),
    )  # fmt: skip


def _key_with(key: str, included: dict[str, str | None]) -> str:
    parts = [key.encode()]
    for name, text in included.items():
        parts += [name.encode("utf-8", "surrogatepass"), (text or "").encode("utf-8", "surrogatepass")]
    return key_of(*parts)


def _lists(data: bytes) -> list[list[str]]:
    """The lists of includes that an entry names; one empty list where it is a compiled form itself."""
    if not data.startswith(_LISTS):
        return [[]]
    return [line.split("\t") for line in data[len(_LISTS) :].decode("utf-8", "replace").split("\n") if line]


def _joined(lists: list[list[str]]) -> bytes:
    return "".join("\t".join(names) + "\n" for names in lists).encode()


def _is_plain(name: str) -> bool:
    """Whether it can stand in a list."""
    return name.isprintable() and name != ""


_stamp: list[bytes] = []


def _compiler() -> bytes:
    """What compiled forms depend on beside their texts: driven, and the files of its compiler, which a checkout may
    change without a new version."""
    if not _stamp:
        here = os.path.dirname(os.path.abspath(__file__))
        core = os.path.join(os.path.dirname(here), "core")
        said = [__version__, str(COMPILER)]
        for folder, start in ((here, "compil"), (here, "dtm"), (core, "dtm")):
            for name in sorted(os.listdir(folder)):
                if name.startswith(start):
                    seen = os.stat(os.path.join(folder, name))
                    said.append(f"{name} {seen.st_size} {seen.st_mtime_ns}")
        _stamp.append("\n".join(said).encode())
    return _stamp[0]
