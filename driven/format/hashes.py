"""The digest that `outputs.lock` and the snapshots use."""

from __future__ import annotations

from blake3 import blake3


def digest(data: bytes) -> str:
    """32 hex digits: the first 16 bytes of BLAKE3."""
    return blake3(data).hexdigest(length=16)
