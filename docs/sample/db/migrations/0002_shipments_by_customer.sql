-- Concurrently: it runs outside a transaction and does not block writes.
CREATE INDEX CONCURRENTLY shipments_by_customer ON shipments (customer_id, created_at DESC);
