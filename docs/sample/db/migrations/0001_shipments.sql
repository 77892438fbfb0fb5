CREATE TABLE shipments (
    id          uuid PRIMARY KEY,
    customer_id uuid NOT NULL,
    carrier     text NOT NULL CHECK (carrier IN ('dhl', 'postnl', 'ups')),
    weight      integer NOT NULL CHECK (weight BETWEEN 1 AND 30000), -- grams
    created_at  timestamptz NOT NULL DEFAULT now()
);
