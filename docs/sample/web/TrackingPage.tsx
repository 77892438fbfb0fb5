import { useShipment } from "./useShipment";

export function TrackingPage({ id }: { id: string }) {
  const shipment = useShipment(id);

  if (shipment.state === "loading") return <p role="status">Looking for your parcel…</p>;
  if (shipment.state === "failed") return <p role="alert">{shipment.message}</p>;

  const { carrier, weight } = shipment.value;
  return (
    <main>
      <h1>Your parcel</h1>
      <dl>
        <dt>Carrier</dt>
        <dd>{carrier.toUpperCase()}</dd>
        <dt>Weight</dt>
        <dd>{(weight / 1000).toFixed(1)} kg</dd>
      </dl>
    </main>
  );
}
