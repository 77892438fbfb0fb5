"""The filters and tests that compile: their arguments, their defaults, and what must stand around them."""

from __future__ import annotations

from driven.frozen import frozen

REQUIRED = object()


@frozen(kw_only=False)
class Filter:
    """One filter: its name in the core, its parameters with their defaults. `lazy`: Jinja2 makes an iterator of it."""

    name: str
    parameters: tuple[tuple[str, object], ...] = ()
    lazy: bool = False
    makes_text: bool = False


def _filter(name: str, lazy: bool = False, makes_text: bool = False, **parameters: object) -> Filter:
    return Filter(name, tuple(parameters.items()), lazy, makes_text)


FILTERS: dict[str, Filter] = {
    made.name: made
    for made in (
        _filter("abs"),
        _filter("capitalize", makes_text=True),
        _filter("center", makes_text=True, width=80),
        _filter("default", default_value="", boolean=False),
        _filter("first"),
        _filter("float", default=0.0),
        _filter("indent", makes_text=True, width=4, first=False, blank=False),
        _filter("int", default=0, base=10),
        _filter("join", makes_text=True, d=""),
        _filter("last"),
        _filter("length"),
        _filter("list"),
        _filter("lower", makes_text=True),
        _filter("max", case_sensitive=False),
        _filter("min", case_sensitive=False),
        _filter("replace", makes_text=True, old=REQUIRED, new=REQUIRED, count=None),
        _filter("reverse", lazy=True),
        _filter("round", precision=0, method="common"),
        _filter("sort", reverse=False, case_sensitive=False),
        _filter("string", makes_text=True),
        _filter("sum"),
        _filter("title", makes_text=True),
        _filter("trim", makes_text=True, chars=None),
        _filter("truncate", length=255, killwords=False, end="...", leeway=None),
        _filter("unique", lazy=True, case_sensitive=False),
        _filter("upper", makes_text=True),
        _filter("wordcount"),
    )
}
FILTERS["count"] = FILTERS["length"]
FILTERS["d"] = FILTERS["default"]

ACROSS = ("map", "select", "reject")  # filters that take the name of a filter or test, and go over a list by it

# What may stand behind a lazy filter, because it takes every item there and then.
CONSUMERS = frozenset(("join", "list", "sort", "sum", "min", "max", "first", "unique", "map", "select", "reject"))

TESTS: dict[str, tuple[str, int]] = {
    "boolean": ("boolean", 0),
    "defined": ("defined", 0),
    "divisibleby": ("divisibleby", 1),
    "even": ("even", 0),
    "false": ("false", 0),
    "float": ("float", 0),
    "in": ("in", 1),
    "integer": ("integer", 0),
    "iterable": ("iterable", 0),
    "lower": ("lower", 0),
    "mapping": ("mapping", 0),
    "none": ("none", 0),
    "number": ("number", 0),
    "odd": ("odd", 0),
    "sequence": ("sequence", 0),
    "string": ("string", 0),
    "true": ("true", 0),
    "undefined": ("undefined", 0),
    "upper": ("upper", 0),
    **dict.fromkeys(("eq", "==", "equalto"), ("eq", 1)),
    **dict.fromkeys(("ne", "!="), ("ne", 1)),
    **dict.fromkeys(("lt", "<", "lessthan"), ("lt", 1)),
    **dict.fromkeys(("le", "<="), ("le", 1)),
    **dict.fromkeys(("gt", ">", "greaterthan"), ("gt", 1)),
    **dict.fromkeys(("ge", ">="), ("ge", 1)),
}
