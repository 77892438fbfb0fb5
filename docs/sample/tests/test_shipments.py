"""Shipments: what may be created, and who may see it."""

from __future__ import annotations

import unittest
from uuid import uuid4

from src.api.errors import ApiError
from src.api.shipments import Shipments


class ShipmentsTest(unittest.TestCase):
    def test_create_returns_a_shipment_that_get_finds(self) -> None:
        shipments, customer = Shipments(), uuid4()
        made = shipments.create(customer, {"carrier": "postnl", "weight": 1200})
        self.assertEqual(shipments.get(customer, made.id), made)

    def test_get_hides_the_shipments_of_others(self) -> None:
        shipments = Shipments()
        made = shipments.create(uuid4(), {"carrier": "ups", "weight": 1})
        with self.assertRaises(ApiError) as raised:
            shipments.get(uuid4(), made.id)
        self.assertEqual(raised.exception.status, 404)

    def test_create_rejects_a_weight_that_no_carrier_takes(self) -> None:
        for weight in (0, 30_001, "1200", None):
            with self.subTest(weight=weight), self.assertRaises(ApiError) as raised:
                Shipments().create(uuid4(), {"carrier": "dhl", "weight": weight})
            self.assertEqual(raised.exception.code, "invalid_request")


if __name__ == "__main__":
    unittest.main()
