"""What a plugin's process is ordered to be: its grants, limits and environment, and in ring N what stands around it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.choose import Choice
    from driven.trust.rings.process import Order


def order_of(
    manifest: CapabilityManifest, choice: Choice, path: str, root: str, folder: str, *, wall: float = 0
) -> Order:
    """The order for the plugin at `path`. `folder`: for its temporary files. PolicyError for a scope that leads away.

    It reads what FileRead names, and writes nothing but `folder`: writing the project is the host's (`broker.py`)."""
    from driven.frozen import replace
    from driven.trust import resilience, telemetry
    from driven.trust.rings import limits, places
    from driven.trust.rings.landlock import READ, Grant
    from driven.trust.rings.process import Order

    readable = [path, *places.readable(manifest, root)]
    library = places.library_places()
    chosen = limits.of(manifest)
    left = resilience.within(wall or chosen.wall or None)
    environment = places.environment(manifest, folder, {**telemetry.outgoing(), **resilience.outgoing()})
    order = Order(
        grants=(
            places.scratch(folder), *places.system(),
            *(Grant(path=one, rights=READ) for one in (*library, *readable)),
        ),
        limits=replace(chosen, wall=left) if left is not None else chosen,
        environment=environment,
        folder=folder,
        guest={"path": path, "readable": [folder, *readable, *library, *places.SYSTEM, "/dev"]},
    )  # fmt: skip
    if choice.ring != "N":
        return order
    from driven.trust.rings.bubblewrap import around

    return replace(order, outside=around(choice.bwrap, order, (*library, *readable)))
