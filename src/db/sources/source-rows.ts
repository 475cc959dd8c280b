/** Sources and deliveries as rows. */
import type { Row } from "@libsql/client";
import type { DeliveryDetail, KeptDelivery } from "../../sources/kept.ts";
import type { Source } from "../../sources/source.ts";

export function sourceOf({ source }: Row): Source {
  return JSON.parse(String(source)) as Source;
}

export function deliveryOf({ id, received_at, detail, body }: Row): KeptDelivery {
  return {
    id: Number(id),
    receivedAt: Number(received_at),
    detail: JSON.parse(String(detail)) as DeliveryDetail,
    body: new Uint8Array(body as ArrayBuffer),
  };
}
