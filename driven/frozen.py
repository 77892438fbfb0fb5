"""`@frozen` and `@record`: slotted dataclasses, frozen and mutable, that cost a fiftieth of the library's to define.

`dataclasses` imports `inspect` (13 ms, as long as the interpreter takes to start) and compiles six methods for every
class; a command has some sixty such classes and makes objects of thirty. Here the methods that are the same for every
class are written once, and `__init__` is compiled only for a class of which many objects are made. `typing` (5 ms) is
not imported either. In all else these are dataclasses: the library's `replace`, `fields` and `is_dataclass`, `match`
and `copy.replace` work on them, and type checkers know them for such.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import Field
    from dataclasses import field as field
    from dataclasses import replace as replace
    from typing import Any, TypeVar, dataclass_transform, overload

    _T = TypeVar("_T")
else:
    Field = None

    def dataclass_transform(**_):
        return overload

    def overload(made):
        return made


SLOW = (
    60  # objects of a class that are made before its `__init__` is compiled: that costs as much as some ninety of them
)


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


class _Part:
    """One field of a class, as `field` was given it."""

    __slots__ = ("compare", "default", "factory", "hash", "name", "repr", "set")

    def __init__(self, default: Any, factory: Any, shown: bool, hashed: bool | None, compared: bool) -> None:
        self.name = ""
        self.default = default
        self.factory = factory
        self.repr = shown
        self.hash = compared if hashed is None else hashed
        self.compare = compared
        self.set: Any = None  # of its slot: what sets it though the object is frozen


def _field(
    *,
    default: Any = MISSING,
    default_factory: Any = MISSING,
    repr: bool = True,
    hash: bool | None = None,
    compare: bool = True,
) -> Any:
    """As `dataclasses.field`, with as much of it as is used here."""
    return _Part(default, default_factory, repr, hash, compare)


def _replace(value: Any, /, **changes: Any) -> Any:
    """As `dataclasses.replace`."""
    cls: Any = type(value)
    if not hasattr(cls, "__parts__"):
        import dataclasses

        return dataclasses.replace(value, **changes)
    for part in cls.__parts__:
        if part.name not in changes:
            changes[part.name] = getattr(value, part.name)
    return cls(**changes)


if not TYPE_CHECKING:  # a type checker knows what the library's say, and checks every use of them
    field = _field
    replace = _replace


@overload
def frozen(cls: type[_T]) -> type[_T]: ...
@overload
def frozen(*, kw_only: bool = True) -> Callable[[type[_T]], type[_T]]: ...  # noqa: F811


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, Field))
def frozen(cls: type[_T] | None = None, *, kw_only: bool = True) -> Any:  # noqa: F811
    """Make a class a value: frozen, slotted, equal and hashed by its fields, built by keyword unless `kw_only` is
    False."""
    if cls is None:
        return lambda plain: _define(plain, kw_only, _FROZEN)
    return _define(cls, kw_only, _FROZEN)


@dataclass_transform(field_specifiers=(field, Field))
def record(cls: type[_T]) -> type[_T]:
    """Make a class a record: slotted, equal by its fields, built by position or keyword, and open to change."""
    return _define(cls, False, _MUTABLE)  # type: ignore[no-any-return]


def _define(plain: Any, kw_only: bool, methods: dict[str, Any]) -> Any:
    """The class anew, with slots: they cannot be added to one that is there."""
    space = dict(plain.__dict__)
    parts: list[_Part] = []
    for name in plain.__annotations__:
        given = space.pop(name, MISSING)
        part = given if type(given) is _Part else _part(given)
        part.name = name
        parts.append(part)
    names = tuple([part.name for part in parts])
    space.pop("__dict__", None)
    space.pop("__weakref__", None)
    space["__slots__"] = names
    space["__qualname__"] = plain.__qualname__
    space["__parts__"] = tuple(parts)
    space["__match_args__"] = () if kw_only else names
    for name, method in methods.items():
        space.setdefault(name, method)
    made = type(plain)(plain.__name__, plain.__bases__, space)
    for part in parts:
        part.set = made.__dict__[part.name].__set__
    return made


def _part(given: Any) -> _Part:
    """The part of a plain default, or of a field that was made by `dataclasses.field`."""
    kind = type(given)
    if (kind.__module__, kind.__name__) != ("dataclasses", "Field"):
        return _Part(given, MISSING, True, None, True)
    import dataclasses

    missing = dataclasses.MISSING
    default, factory = [MISSING if one is missing else one for one in (given.default, given.default_factory)]
    return _Part(default, factory, given.repr, given.hash, given.compare)


_made: dict[Any, int] = {}  # class -> objects, while its `__init__` is not compiled


def _init(self: Any, *args: Any, **named: Any) -> None:
    cls = type(self)
    count = _made[cls] = _made.get(cls, 0) + 1
    parts = cls.__parts__
    if count <= SLOW and not (args and not cls.__match_args__) and len(args) <= len(parts):
        left = len(named)
        for at, part in enumerate(parts):
            name = part.name
            if name in named:
                if at < len(args):
                    break
                part.set(self, named[name])
                left -= 1
            elif at < len(args):
                part.set(self, args[at])
            elif part.factory is not MISSING:
                part.set(self, part.factory())
            elif part.default is not MISSING:
                part.set(self, part.default)
            else:
                break
        else:
            if not left:
                return
    # It is worth compiling now; or the arguments are wrong, and what is compiled says how.
    cls.__init__ = _compile_init(cls)
    cls.__init__(self, *args, **named)


def _compile_init(cls: Any) -> Any:
    """`__init__` as `dataclasses` would write it, but that it sets the slots directly."""
    names: dict[str, Any] = {"MISSING": MISSING}
    parameters: list[str] = []
    lines: list[str] = []
    for part in cls.__parts__:
        name = part.name
        names[f"set_{name}"] = part.set
        given = name
        if part.factory is not MISSING:
            names[f"new_{name}"] = part.factory
            parameters.append(f"{name}=MISSING")
            given = f"new_{name}() if {name} is MISSING else {name}"
        elif part.default is not MISSING:
            names[f"default_{name}"] = part.default
            parameters.append(f"{name}=default_{name}")
        else:
            parameters.append(name)
        lines.append(f"    set_{name}(self, {given})\n")
    star = "*, " if parameters and not cls.__match_args__ else ""
    exec(f"def __init__(self, {star}{', '.join(parameters)}):\n{''.join(lines) or '    pass'}", names)
    made: Any = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _eq(self: Any, other: Any) -> Any:
    if self is other:
        return True
    if type(other) is not type(self):
        return NotImplemented
    for part in self.__parts__:
        if part.compare:
            one, two = getattr(self, part.name), getattr(other, part.name)
            if one is not two and one != two:  # as tuples are compared
                return False
    return True


def _hash(self: Any) -> int:
    return hash(tuple([getattr(self, part.name) for part in self.__parts__ if part.hash]))


def _repr(self: Any) -> str:
    shown = ", ".join([f"{part.name}={getattr(self, part.name)!r}" for part in self.__parts__ if part.repr])
    return f"{type(self).__qualname__}({shown})"


def _refuse(self: Any, name: str, *_: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change field {name!r}")


def _state(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, part.name) for part in self.__parts__])


def _restore(self: Any, state: tuple[Any, ...]) -> None:
    for part, kept in zip(self.__parts__, state, strict=True):
        part.set(self, kept)


class _Late:
    """What `dataclasses` keeps with a class of its own; made when it is asked for."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, _: object, cls: Any) -> Any:
        import dataclasses

        base = next(one for one in cls.__mro__ if "__parts__" in one.__dict__)
        notes = base.__annotations__
        fields: list[Any] = []
        for part in base.__parts__:
            given = {"default": part.default} if part.default is not MISSING else {}
            if part.factory is not MISSING:
                given["default_factory"] = part.factory
            more = dataclasses.field(repr=part.repr, hash=part.hash, compare=part.compare, **given)
            fields.append((part.name, notes[part.name], more))
        is_frozen = base.__setattr__ is _refuse
        twin: Any = dataclasses.make_dataclass(
            base.__name__, fields, frozen=is_frozen, slots=True, kw_only=bool(fields) and not base.__match_args__
        )
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            setattr(base, name, getattr(twin, name))
        return getattr(base, self.name)


_METHODS = {
    "__init__": _init, "__repr__": _repr, "__eq__": _eq, "__replace__": _replace, "__getstate__": _state,
    "__setstate__": _restore, "__dataclass_fields__": _Late("__dataclass_fields__"),
    "__dataclass_params__": _Late("__dataclass_params__"),
}  # fmt: skip
_FROZEN = {**_METHODS, "__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse}
_MUTABLE = {**_METHODS, "__hash__": None}
