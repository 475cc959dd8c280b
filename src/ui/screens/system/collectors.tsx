/** Collectors that read from message brokers: how each does, and what it refused. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { may } from "../../data/account.ts";
import { useAct } from "../../data/act.ts";
import { call } from "../../data/call.ts";
import { useRead } from "../../data/resource.ts";
import { go, parameter, to } from "../../data/route.ts";
import { countText } from "../../data/text.ts";
import { Badge, type Tone } from "../../parts/badge.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { RefusedMessages } from "./refused-messages.tsx";

type Collector = AnswerOf<"listCollectors">["collectors"][number];

/** No topic has it. */
const refreshMs = 2_000;

const stateTexts: Readonly<Record<Collector["state"], string>> = {
  starting: "starting",
  reading: "reading",
  waiting: "waits for Mars",
  lost: "broker lost",
  paused: "paused",
};

export function Collectors() {
  const { data, pending, error, reload } = useRead("listCollectors", {}, { everyMs: refreshMs });
  const { working, run } = useAct();
  const rows = data?.collectors ?? [];
  const shown = parameter("collector");
  const chosen = rows.find(({ id }) => id === shown);
  const columns: readonly Column<Collector>[] = [
    {
      name: "Collector",
      cell: ({ id, url, defined_by }) => (
        <span>
          <span class="id">{id}</span>
          <span class="also">
            {url}
            {defined_by !== null && `, by ${defined_by}`}
          </span>
        </span>
      ),
      text: ({ id }) => id,
    },
    {
      name: "Source",
      title: "Whose rules make events of its messages",
      cell: ({ source }) =>
        source === undefined ? (
          <span class="muted">none</span>
        ) : (
          <a class="id" href={to("/sources", { id: source })}>
            {source}
          </a>
        ),
      text: ({ source }) => source ?? "",
    },
    {
      name: "State",
      wide: true,
      cell: ({ state, last_error }) => (
        <span>
          <Badge tone={toneOfState(state)}>{stateTexts[state]}</Badge>
          {last_error !== "" && <span class="also">{last_error}</span>}
        </span>
      ),
      text: ({ state }) => state,
    },
    {
      name: "Lag",
      align: "end",
      title: "Messages in the broker that are not acknowledged",
      cell: ({ lag }) => (lag === null ? "not known" : countText(lag)),
      text: ({ lag }) => lag ?? "",
    },
    {
      name: "A second",
      align: "end",
      title: "Messages, of the last seconds",
      cell: ({ rate }) => countText(rate),
      text: ({ rate }) => rate,
    },
    {
      name: "Messages",
      align: "end",
      title: "Since it was started",
      cell: ({ messages }) => countText(messages),
      text: ({ messages }) => messages,
    },
    {
      name: "Ignored",
      align: "end",
      title: "Messages that the rules of its source leave out",
      cell: ({ ignored }) => countText(ignored),
      text: ({ ignored }) => ignored,
    },
    {
      name: "Refused",
      align: "end",
      cell: ({ id, refused, refused_kept }) =>
        refused_kept === 0 || !may("admin") ? (
          countText(refused)
        ) : (
          <a href={to("/system", { part: "collectors", collector: id })}>
            {countText(Math.max(refused, refused_kept))}
          </a>
        ),
      text: ({ refused }) => refused,
    },
    ...(may("admin") ? [{ name: "", align: "end" as const, cell: actions }] : []),
  ];

  function actions({ id, state }: Collector) {
    const [operation, text, done] =
      state === "paused"
        ? (["resumeCollector", "Resume", "It reads again."] as const)
        : (["pauseCollector", "Pause", "It reads no more."] as const);
    return (
      <button
        type="button"
        class="button quiet"
        disabled={working}
        aria-label={`${text} ${id}`}
        onClick={() => void run(() => call(operation, { id }), done).then(reload)}
      >
        {text}
      </button>
    );
  }

  return (
    <>
      {error !== undefined && <Failure error={error} what="Collectors" />}
      {pending ? (
        <Pending what="collectors" />
      ) : rows.length > 0 ? (
        <Table caption="Collectors" columns={columns} rows={rows} keyOf={({ id }) => id} file="collectors" />
      ) : (
        error === undefined && (
          <Empty title="No message broker is read">
            <p>
              Mars can read events where they are published already: from NATS, Kafka, Redis, RabbitMQ, MQTT
              and Amazon SQS. Begin with <code>mars collectors put</code>, or see{" "}
              <a href="/docs/brokers.html">Message brokers</a>.
            </p>
          </Empty>
        )
      )}
      {chosen !== undefined && may("admin") && (
        <RefusedMessages
          key={chosen.id}
          id={chosen.id}
          count={chosen.refused_kept}
          changed={reload}
          close={() => go(to("/system", { part: "collectors" }))}
        />
      )}
    </>
  );
}

function toneOfState(state: Collector["state"]): Tone {
  if (state === "reading") return "good";
  if (state === "lost") return "bad";
  return state === "waiting" ? "warn" : "quiet";
}
