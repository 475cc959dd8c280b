/** One incident: its figures of this moment, its messages, and all that was sent about it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { addressOf } from "../../data/call.ts";
import { findingsTopic, incidentsTopic, useFollow } from "../../data/follow.ts";
import { useRead } from "../../data/resource.ts";
import { messageAddress, to } from "../../data/route.ts";
import { countText, shortDuration } from "../../data/text.ts";
import { Page } from "../../frame/page.tsx";
import { WordBadge } from "../../parts/badge.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { Moment } from "../../parts/time.tsx";
import { Care } from "./care.tsx";
import { DeliveryRow } from "./delivery-row.tsx";
import { gatherMs, type Incident, refreshMs, titleOf } from "./incident-list.tsx";

/** While a notification is on its way: attempts have no topic. */
const sendingMs = 2_000;

export function OneIncident({ id }: { id: string }) {
  const { data, error, reload } = useRead("getAlertIncident", { id }, { everyMs: refreshMs });
  const sending = useSignal(false);
  const deliveries = useRead(
    "listAlertDeliveries",
    { incident: id, limit: 200 },
    { everyMs: sending.value ? sendingMs : refreshMs },
  );
  const sent = deliveries.data?.deliveries;
  useEffect(() => {
    sending.value = sent?.some(({ state }) => state === "pending") ?? false;
  }, [sent]);
  useFollow({
    topic: incidentsTopic({ id }),
    asOfSeq: data?.seq,
    reload() {
      reload();
      deliveries.reload();
    },
  });
  useFollow({ topic: data && findingsTopic(data.app_id), asOfSeq: "now", gatherMs, reload });
  if (data === undefined) {
    return (
      <Page title={`Incident ${id}`}>
        {error?.status === 404 ? (
          <Empty title="There is no such incident">
            <p>
              <a href="/incidents">All incidents</a>
            </p>
          </Empty>
        ) : error !== undefined ? (
          <Failure error={error} what="The incident" />
        ) : (
          <Pending what="the incident" />
        )}
      </Page>
    );
  }
  const incident: Incident = data;
  return (
    <Page title={titleOf(incident)} controls={<Bundle id={id} />}>
      <p class="crumbs">
        <a href="/incidents">Incidents</a> › {id} <WordBadge word={incident.state} />{" "}
        {incident.silenced && <WordBadge word="silenced" />}
      </p>
      <Figures incident={incident} />
      <Care incident={data} changed={reload} />
      <section aria-labelledby="sent-title">
        <h2 id="sent-title">What was sent</h2>
        {deliveries.error !== undefined && <Failure error={deliveries.error} what="What was sent" />}
        {deliveries.data?.deliveries.length === 0 && <p class="muted">Nothing: its rule has no sinks.</p>}
        <ol class="deliveries">
          {deliveries.data?.deliveries.map((delivery) => (
            <DeliveryRow key={delivery.id} delivery={delivery} changed={deliveries.reload} />
          ))}
        </ol>
      </section>
    </Page>
  );
}

/** All of it as one file. */
function Bundle({ id }: { id: string }) {
  return (
    <a
      class="button"
      href={addressOf("getAlertIncidentBundle", { id })}
      download={`incident-${id}.json`}
      title="The incident, what was sent, its findings and messages with their events, and the lifecycle"
    >
      Download
    </a>
  );
}

function Figures({ incident }: { incident: Incident }) {
  const { app_id, stage, after, kind, figures, opened_at, closed_at, reason } = incident;
  return (
    <>
      <section class={`verdict ${incident.state === "active" ? "bad" : "plain"}`}>
        <h2>
          {figures === null
            ? incident.state === "resolved"
              ? "Over."
              : "Closed."
            : `${countText(figures.count)}${figures.count_exceeded ? "+" : ""} messages, ${countText(figures.new)} new`}
        </h2>
        <p>
          Opened <Moment at={opened_at} /> by rule {incident.rule}
          {figures?.since != null && (
            <>
              ; the first was due <Moment at={figures.since} />
            </>
          )}
          {figures?.burst_since != null && (
            <>
              ; new ones after a quiet time since <Moment at={figures.burst_since} />
            </>
          )}
          {figures?.hop_p99_ms != null &&
            `; normally 99 of 100 take at most ${shortDuration(figures.hop_p99_ms)}`}
          {closed_at !== null && (
            <>
              ; ended <Moment at={closed_at} />
              {reason !== null && ` (${reason.replaceAll("_", " ")})`}
            </>
          )}
          .
        </p>
        <a
          class="button"
          href={
            kind === "missing"
              ? to("/stuck", { app_id, stage, after: after ?? undefined })
              : to("/findings", { app_id, stage, kind })
          }
        >
          Its messages
        </a>
      </section>
      {figures !== null && figures.samples.length > 0 && (
        <p>
          For example{" "}
          {figures.samples.slice(0, 5).map((message_id, index) => (
            <>
              {index > 0 && ", "}
              <a class="id" href={messageAddress({ app_id, message_id })}>
                {message_id}
              </a>
            </>
          ))}
        </p>
      )}
    </>
  );
}
