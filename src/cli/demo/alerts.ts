/** What people would have set up around the demo's apps: a sink, rules, office hours, a silence, a key, views; and what they have decided. */
import { type DemoClient, DemoError, messageOf } from "./demo-client.ts";
import { openReceiver, type Receiver } from "./receiver.ts";

const sink = "demo-receiver";
const calendar = "demo-holidays";
/** The stage that the outage of a carrier holds up. */
const sending = ["SENT_SMS", "SENT_PUSH"];

/** Views of the dashboard, by their names. */
const views: Readonly<Record<string, string>> = {
  "Orders that are stuck": "/messages?app_id=shop-orders&state=overdue&range=7d",
  "Text messages that failed": "/findings?app_id=notifications&kind=failed&range=7d",
};

export interface AlertSetup {
  /** One line a piece, for the user. */
  readonly lines: readonly string[];
  /** Takes all away again; tries every part. */
  close(mars: DemoClient): Promise<void>;
}

/** @param received the text of each notification */
export async function setUpAlerts(mars: DemoClient, received: (text: string) => void): Promise<AlertSetup> {
  const lines: string[] = [];
  const undo: string[] = [];
  const put = async (path: string, body: unknown) => {
    await mars.change("PUT", path, body);
    undo.unshift(path);
  };
  const receiver = await putSink(mars, received, lines);
  undo.unshift(`/api/alerts/sinks/${sink}`);
  await put(`/api/alerts/calendars/${calendar}`, { dates: holidays() });
  const rules = rulesOf(sink);
  for (const [id, rule] of Object.entries(rules)) await put(`/api/alerts/rules/${id}`, rule);
  lines.push(`Rules put: ${Object.keys(rules).join(", ")}.`);
  const { silence } = await mars.change("POST", "/api/alerts/silences", {
    app_id: "mailings",
    for: "8h",
    comment: "The mail server is being moved.",
  });
  undo.unshift(`/api/alerts/silences/${silence.id}`);
  if (mars.hasKey) {
    // Without any key Mars needs none on this machine, and a first one would end that.
    const key = { kind: "in", apps: ["shop-orders", "payments"], name: "demo: the shop's services" };
    undo.unshift(`/api/keys/${(await mars.change("POST", "/api/keys", key)).id}`);
  }
  for (const [name, address] of Object.entries(views)) {
    await put(`/api/views/${encodeURIComponent(name)}`, { address, shared: true });
  }
  lines.push(`Views saved: ${Object.keys(views).join(", ")}.`);
  return {
    lines,
    async close(client) {
      for (const path of undo) {
        await client.change("DELETE", path).catch((error: unknown) => {
          received(`not removed: ${messageOf(error)}`);
        });
      }
      await receiver?.close();
    },
  };
}

/** Some of what is stuck has been seen to: one is taken care of, others were dealt with elsewhere, one is nothing. */
export async function decide(mars: DemoClient): Promise<void> {
  const marks = [
    { app: "shop-orders", action: "acknowledge", note: "Asked the warehouse; they look for the parcel." },
    { app: "payments", action: "resolve", note: "Captured by hand." },
    { app: "parcel-tracking", action: "ignore", note: "A test parcel." },
  ];
  const notSent = { app_id: "notifications", stage_events: sending, after: "QUEUED" };
  await mars.change("POST", "/api/triage", {
    action: "resolve",
    group: notSent,
    note: "Sent again by hand.",
  });
  for (const { app, action, note } of marks) {
    const { overdue } = await mars.get(`/api/overdue?app_id=${app}&limit=1`);
    if (overdue.length > 0)
      await mars.change("POST", "/api/triage", { action, finding: overdue[0].id, note });
  }
}

/** A receiver on this machine; a topic of Mars where that may not send to private addresses. */
async function putSink(
  mars: DemoClient,
  received: (text: string) => void,
  lines: string[],
): Promise<Receiver | undefined> {
  const receiver = await openReceiver(received);
  try {
    await mars.change("PUT", `/api/alerts/sinks/${sink}`, { type: "webhook", url: receiver.url });
    lines.push(`Notifications come to ${receiver.url}, and are printed here.`);
    return receiver;
  } catch (error) {
    await receiver.close();
    if (!(error instanceof DemoError) || error.status !== 422) throw error;
    await mars.change("PUT", `/api/alerts/sinks/${sink}`, { type: "topic" });
    lines.push(
      "Notifications go to the topic alerts. To see them here, start Mars so: MARS_ALERT_ALLOW=127.0.0.1 npm start",
    );
    return undefined;
  }
}

function rulesOf(sink: string): Readonly<Record<string, unknown>> {
  const sinks = [sink];
  return {
    "demo-texts-not-sent": {
      app_id: "notifications",
      stage_events: sending,
      at_least: 3,
      grow_after: "1m",
      sinks,
    },
    "demo-payments-slow": {
      app_id: "payments",
      stage: "AUTHORISED",
      condition: { type: "latency", percentile: 95, above: "10s" },
      sinks,
    },
    "demo-orders-fail": {
      app_id: "shop-orders",
      kinds: ["failed"],
      condition: { type: "share", above: 0.2 },
      window: "1h",
      sinks,
    },
    "demo-tickets-wait": {
      app_id: "support-tickets",
      schedule: {
        time_zone: "Europe/Berlin",
        hours: [{ days: ["mon", "tue", "wed", "thu", "fri"], from: "08:00", to: "18:00" }],
        calendar,
      },
      sinks,
    },
    "demo-mailings-stuck": { app_id: "mailings", stage: "children", sinks },
  };
}

/** Of this year and the next. */
function holidays(): { date: string; name: string }[] {
  const year = new Date().getFullYear();
  return [year, year + 1].flatMap((one) => [
    { date: `${one}-01-01`, name: "New Year" },
    { date: `${one}-05-01`, name: "Labour Day" },
    { date: `${one}-12-25`, name: "Christmas" },
  ]);
}
