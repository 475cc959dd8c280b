/** The sinks: where notifications go. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { useAct } from "../../data/act.ts";
import { ApiError, call, type Given } from "../../data/call.ts";
import { to } from "../../data/route.ts";
import { JsonText, parseObject } from "../../parts/json-text.tsx";
import { Empty } from "../../parts/notice.tsx";
import { PutDialog } from "../../parts/put-dialog.tsx";
import type { Column } from "../../parts/table.tsx";
import { Settings } from "./settings.tsx";

type Sink = AnswerOf<"listAlertSinks">["sinks"][number];

/** What one of each kind needs. */
const starters: Readonly<Record<string, object>> = {
  webhook: { url: "https://example.com/hook" },
  slack: { url: "https://hooks.slack.com/services/…" },
  teams: { url: "https://example.webhook.office.com/…" },
  discord: { url: "https://discord.com/api/webhooks/…" },
  pagerduty: { key: "…" },
  opsgenie: { key: "…" },
  email: { to: ["team@example.com"] },
  topic: {},
  broker: { url: "nats://user:password@nats.example.com:4222?subject=alerts" },
};

const sinksOf = ({ sinks }: AnswerOf<"listAlertSinks">) => sinks;

const columns: readonly Column<Sink>[] = [
  {
    name: "Sink",
    cell: ({ id }) => <a href={to("/alerts", { part: "deliveries", sink: id })}>{id}</a>,
    text: ({ id }) => id,
  },
  { name: "Kind", cell: ({ type }) => type, text: ({ type }) => type },
  {
    name: "Goes to",
    wide: true,
    cell: (sink) => <span class="id">{targetOf(sink)}</span>,
    text: targetOf,
  },
];

export function Sinks() {
  return (
    <Settings
      name="listAlertSinks"
      rowsOf={sinksOf}
      what="sink"
      whats="sinks"
      columns={columns}
      buttons={({ id }) => <Test id={id} />}
      remove={({ id }) => call("deleteAlertSink", { id })}
      editor={(row, close, changed) => <SinkForm {...(row && { row })} close={close} changed={changed} />}
      empty={
        <Empty title="No sink yet">
          <p>A chat, a pager, a webhook or an e-mail address that notifications go to.</p>
        </Empty>
      }
    />
  );
}

function targetOf({ url, to: people }: Sink): string {
  return url ?? people?.join(", ") ?? "";
}

function Test({ id }: { id: string }) {
  const { working, run } = useAct();
  const test = async () => {
    const { success, attempt } = await call("testAlertSink", { id });
    if (!success) throw new ApiError(0, attempt.error ?? `${attempt.outcome} ${attempt.status ?? ""}`);
  };
  return (
    <button
      type="button"
      class="button quiet"
      aria-label={`Test ${id}`}
      disabled={working}
      onClick={() => void run(test, `The test has reached ${id}.`)}
    >
      Test
    </button>
  );
}

function SinkForm({ row, close, changed }: { row?: Sink; close(): void; changed(): void }) {
  const kind = useSignal("webhook");
  const text = useSignal(row === undefined ? textOf("webhook") : JSON.stringify(settable(row), null, 2));
  return (
    <PutDialog
      title={row === undefined ? "New sink" : `Sink ${row.id}`}
      {...(row !== undefined && { id: row.id })}
      put={async (id) => {
        await call("putAlertSink", { ...parseObject(text.value), id } as Given<"putAlertSink">);
        changed();
      }}
      close={close}
    >
      {row === undefined && (
        <label>
          Kind
          <select
            value={kind.value}
            onChange={({ currentTarget }) => {
              kind.value = currentTarget.value;
              text.value = textOf(currentTarget.value);
            }}
          >
            {Object.keys(starters).map((type) => (
              <option key={type} value={type}>
                {type}
              </option>
            ))}
          </select>
        </label>
      )}
      <JsonText
        text={text.value}
        set={(now) => {
          text.value = now;
        }}
      />
      <p class="muted">
        A webhook may have headers and a template. What is (hidden) stays as it is. After it is saved, test
        it.
      </p>
    </PutDialog>
  );
}

function textOf(type: string): string {
  return JSON.stringify({ type, ...starters[type] }, null, 2);
}

function settable({ id: _, former_secret_until: __, ...sink }: Sink): object {
  return sink;
}
