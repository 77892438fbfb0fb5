"""Imports what the server stands on, at a third of its usual price.

`import lsprotocol.types` has `attrs` write, compile and run several methods for each of 554 classes: 300 of the 425 ms
of processor time that a server needs before it can read its first message (measured 2026-11-22, lsprotocol 2025.0.0).
A session uses some 150 of them. So while that module is imported, `attrs.define` stands in for itself: it leaves the
class as it is and finishes it, in place and with the real `attrs.define`, when its fields are first asked for or when
its first instance is made. What comes out are the same fields with the same types (a test compares all of them); the
classes have a `__dict__` instead of slots. Where anything here does not find what it expects, the import is the plain
one.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_building = threading.RLock()


class _Unfinished:
    """Stands where the fields of a class will be."""

    def __init__(self, owner: type, options: dict[str, Any], define: Callable[..., Any]) -> None:
        self.owner = owner
        self.options = options
        self.define = define

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        _finish(self.owner)
        return self.owner.__attrs_attrs__  # type: ignore[attr-defined]


def _finish(owner: type) -> None:
    """Make a class what `attrs.define` would have made it, and resolve the names in its types."""
    with _building:
        unfinished = owner.__dict__.get("__attrs_attrs__")
        if not isinstance(unfinished, _Unfinished):
            return
        # The stub counts as an own `__init__`, so it must be asked for; it goes last, when all else is in place.
        unfinished.define(owner, **{**unfinished.options, "slots": False, "init": True})
        names = getattr(sys.modules["lsprotocol.types"], "ALL_TYPES_MAP", None)
        if names is not None:
            import attrs

            attrs.resolve_types(owner, names, {})


def _lazily(define: Callable[..., Any]) -> Callable[..., Any]:
    def stand_in(maybe: type | None = None, **options: Any) -> Any:
        def mark(owner: type) -> Any:
            if owner.__module__ != "lsprotocol.types":
                return define(owner, **options)

            def first(self: Any, *args: Any, **kwargs: Any) -> None:
                _finish(owner)
                self.__init__(*args, **kwargs)

            first.__name__ = "__init__"
            owner.__init__ = first  # type: ignore[misc]
            owner.__attrs_attrs__ = _Unfinished(owner, options, define)  # type: ignore[attr-defined]
            return owner

        return mark if maybe is None else mark(maybe)

    return stand_in


def load_types() -> bool:
    """Import `lsprotocol.types`; False when it had been imported the plain way before. Before any other thread runs."""
    known = sys.modules.get("lsprotocol.types")
    if known is not None:
        return isinstance(known.__dict__.get("_driven_quick"), bool)
    import attrs
    import cattrs  # noqa: F401 - before, for it has classes of its own

    define = attrs.define
    attrs.define = _lazily(define)
    try:
        import lsprotocol._hooks as hooks  # which imports the types
        import lsprotocol.types as types
    except Exception:
        for name in [name for name in sys.modules if name.partition(".")[0] == "lsprotocol"]:
            del sys.modules[name]
        return False
    finally:
        attrs.define = define
    if hasattr(hooks, "_resolved_forward_references"):
        hooks._resolved_forward_references = True  # each class resolves its own
    types._driven_quick = True  # type: ignore[attr-defined]
    return True


@contextmanager
def without_ssl() -> Iterator[None]:
    """Import asyncio inside of this where no socket is served: it does without `ssl`, which takes 4 MB and 9 ms of what
    a server needs (measured 2026-11-22). Afterwards others get it as ever."""
    if "ssl" in sys.modules:
        yield
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["ssl"]


@contextmanager
def imports() -> Iterator[None]:
    """Import the server inside of this, first thing in the process: no garbage is looked for meanwhile, and what was
    imported is never looked through again."""
    import gc

    gc.disable()
    try:
        load_types()
        yield
    finally:
        gc.freeze()
        gc.enable()
