"""Rings: what holds foreign code, from a component that has nothing to a process under limits."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.trust.rings.confined import Confined as Confined
    from driven.trust.rings.confined import confine as confine
    from driven.trust.rings.guard import Changed as Changed
    from driven.trust.rings.guard import IntegrityGuard as IntegrityGuard
    from driven.trust.rings.places import python_places as python_places
    from driven.trust.rings.sandbox import Result as Result
    from driven.trust.rings.sandbox import Sandbox as Sandbox
    from driven.trust.rings.sandbox import Violation as Violation

_HOMES = {
    "confine": "confined", "Confined": "confined", "python_places": "places", "Sandbox": "sandbox", "Result": "sandbox",
    "Violation": "sandbox", "IntegrityGuard": "guard", "Changed": "guard",
}  # fmt: skip
__all__ = ["Changed", "Confined", "IntegrityGuard", "Result", "Sandbox", "Violation", "confine", "python_places"]


def __getattr__(name: str) -> object:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
