"""Shipments: create one, look one up."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from src.api.errors import invalid, not_found

CARRIERS = ("dhl", "postnl", "ups")
MAX_GRAMS = 30_000  # the heaviest parcel that all carriers take


@dataclass(frozen=True)
class Shipment:
    """A parcel on its way; weight in grams."""

    id: UUID
    customer_id: UUID
    carrier: str
    weight: int


class Shipments:
    """The shipments of all customers."""

    def __init__(self) -> None:
        self._by_id: dict[UUID, Shipment] = {}

    def create(self, customer_id: UUID, body: dict[str, object]) -> Shipment:
        """POST /shipments. ApiError 422 for a carrier that is unknown or a weight out of range."""
        carrier, weight = body.get("carrier"), body.get("weight")
        if not isinstance(carrier, str) or carrier not in CARRIERS:
            raise invalid("carrier", f"is not one of {', '.join(CARRIERS)}")
        if not isinstance(weight, int) or not 0 < weight <= MAX_GRAMS:
            raise invalid("weight", f"is not 1 to {MAX_GRAMS} grams")
        shipment = Shipment(uuid4(), customer_id, carrier, weight)
        self._by_id[shipment.id] = shipment
        return shipment

    def get(self, customer_id: UUID, shipment_id: UUID) -> Shipment:
        """GET /shipments/{id}. ApiError 404 for another customer's shipment, too."""
        shipment = self._by_id.get(shipment_id)
        if shipment is None or shipment.customer_id != customer_id:
            raise not_found("shipment", str(shipment_id))
        return shipment
