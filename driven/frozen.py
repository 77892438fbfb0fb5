"""`@frozen`: a frozen, slotted dataclass that costs a fifth of the library's to define.

`dataclasses` writes and compiles six methods for every class when its module is imported, half a millisecond each; a
command imports some fifty such classes and makes objects of twenty. Here the methods that are the same for every class
are written once, and `__init__` is compiled when the first object is made. In all else these are dataclasses:
`replace`, `fields`, `is_dataclass` and `match` work on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

_T = TypeVar("_T")


@overload
def frozen(cls: type[_T]) -> type[_T]: ...
@overload
def frozen(*, kw_only: bool = True) -> Callable[[type[_T]], type[_T]]: ...


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, Field))
def frozen(cls: type[_T] | None = None, *, kw_only: bool = True) -> Any:
    """Make a class a value: frozen, slotted, equal and hashed by its fields, built by keyword unless `kw_only` is
    False."""

    def make(plain: type[_T]) -> Any:
        made: Any = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(plain)
        made.__init__ = _late_init
        made.__repr__ = _repr
        made.__eq__ = _eq
        made.__hash__ = _hash
        made.__setattr__ = _frozen
        made.__delattr__ = _frozen
        made.__getstate__ = _state
        made.__setstate__ = _restore
        return made

    return make if cls is None else make(cls)


def _late_init(self: Any, *args: Any, **named: Any) -> None:
    cls = type(self)
    cls.__init__ = _compile_init(cls)
    cls.__init__(self, *args, **named)


def _compile_init(cls: Any) -> Any:
    """`__init__` as `dataclasses` would write it, but that it sets the slots directly."""
    names: dict[str, Any] = {}
    parameters: list[str] = []
    lines: list[str] = []
    for one in fields(cls):
        name = one.name
        names[f"set_{name}"] = getattr(cls, name).__set__
        given = name
        if one.default_factory is not MISSING:
            names[f"new_{name}"] = one.default_factory
            parameters.append(f"{name}=MISSING")
            given = f"new_{name}() if {name} is MISSING else {name}"
        elif one.default is not MISSING:
            names[f"default_{name}"] = one.default
            parameters.append(f"{name}=default_{name}")
        else:
            parameters.append(name)
        lines.append(f"    set_{name}(self, {given})\n")
    star = "*, " if parameters and fields(cls)[0].kw_only else ""
    source = f"def __init__(self, {star}{', '.join(parameters)}):\n{''.join(lines) or '    pass'}"
    names["MISSING"] = MISSING
    exec(source, names)
    return names["__init__"]


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, one.name) for one in fields(self) if one.compare])


def _eq(self: Any, other: object) -> Any:
    if self is other:
        return True
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(tuple([getattr(self, f.name) for f in fields(self) if (f.compare if f.hash is None else f.hash)]))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({shown})"


def _frozen(self: Any, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r}")


def _state(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, one.name) for one in fields(self)])


def _restore(self: Any, state: tuple[Any, ...]) -> None:
    for one, kept in zip(fields(self), state, strict=True):
        getattr(type(self), one.name).__set__(self, kept)
