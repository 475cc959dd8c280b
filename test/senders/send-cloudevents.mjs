/** Sends events in every mode by the SDK of CloudEvents for JavaScript; see `run.ts`. */
import { CloudEvent, HTTP } from "cloudevents";

const [url, key, name, count] = process.argv.slice(2);

async function send({ headers, body }) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${key}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
}

const event = (n, id) =>
  new CloudEvent({
    id,
    source: "/orders",
    type: "order.paid",
    subject: `${name}-${n}`,
    datacontenttype: "application/json",
    data: { amount: n },
  });

for (let n = 0; n < Number(count); n++) {
  await send(HTTP.binary(event(n, `binary-${n}`)));
  await send(HTTP.structured(event(n, `structured-${n}`)));
}
const headers = { "content-type": "application/cloudevents-batch+json" };
const batch = Array.from({ length: Number(count) }, (_, n) => event(n, `batched-${n}`));
await send({ headers, body: JSON.stringify(batch) });
