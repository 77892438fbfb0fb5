import { useEffect, useState } from "react";

export type Shipment = { id: string; carrier: "dhl" | "postnl" | "ups"; weight: number };

export type Loading<T> = { state: "loading" } | { state: "ready"; value: T } | { state: "failed"; message: string };

export function useShipment(id: string): Loading<Shipment> {
  const [shipment, setShipment] = useState<Loading<Shipment>>({ state: "loading" });

  useEffect(() => {
    const abort = new AbortController();
    setShipment({ state: "loading" });
    fetch(`/api/shipments/${encodeURIComponent(id)}`, { signal: abort.signal })
      .then(async (response) => {
        const body = await response.json();
        setShipment(response.ok ? { state: "ready", value: body } : { state: "failed", message: body.message });
      })
      .catch((error: unknown) => {
        if (!abort.signal.aborted) setShipment({ state: "failed", message: String(error) });
      });
    return () => abort.abort();
  }, [id]);

  return shipment;
}
