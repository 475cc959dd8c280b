/** All sources, with what came of their deliveries since Mars was started. */
import { may } from "../../data/account.ts";
import { useList } from "../../data/list.ts";
import { to } from "../../data/route.ts";
import { countText } from "../../data/text.ts";
import { More } from "../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { Ago, Moment } from "../../parts/time.tsx";
import { presetTexts, type Source } from "./definition.ts";

/** No topic has it. */
const refreshMs = 2_000;

/** What became of deliveries, as senders see it: success, or none. */
const acceptedOutcomes = ["accepted", "partly"];
const refusedOutcomes = ["rejected", "failed", "unverified", "late"];

const columns: readonly Column<Source>[] = [
  {
    name: "Source",
    cell: ({ id }) => (
      <a class="id" href={to("/sources", { id })}>
        {id}
      </a>
    ),
    text: ({ id }) => id,
  },
  { name: "App", cell: appOf, text: appOf },
  {
    name: "Sender",
    cell: senderOf,
    text: senderOf,
  },
  {
    name: "Accepted",
    align: "end",
    title: "Deliveries with events, since Mars was started",
    cell: (source) => countText(sumOf(source, acceptedOutcomes)),
    text: (source) => sumOf(source, acceptedOutcomes),
  },
  {
    name: "Ignored",
    align: "end",
    title: "Deliveries without events, whose sender was answered with success",
    cell: (source) => countText(sumOf(source, ["ignored"])),
    text: (source) => sumOf(source, ["ignored"]),
  },
  {
    name: "Refused",
    align: "end",
    title: "Deliveries that were not the sender's, could not be read, or were rejected",
    cell: (source) => countText(sumOf(source, refusedOutcomes)),
    text: (source) => sumOf(source, refusedOutcomes),
  },
  {
    name: "Last delivery",
    cell: ({ stats }) => (stats.last_at === null ? "none yet" : <Ago at={stats.last_at} />),
    text: ({ stats }) => stats.last_at ?? "",
  },
  {
    name: "Last error",
    wide: true,
    cell: ({ stats }) =>
      stats.last_error_at !== null && (
        <span>
          {stats.last_error}
          <span class="also">
            <Moment at={stats.last_error_at} />
          </span>
        </span>
      ),
    text: ({ stats }) => stats.last_error ?? "",
  },
];

export function SourceList() {
  const { rows, pending, error, more } = useList(
    "listSources",
    { limit: 100 },
    ({ sources }) => sources,
    refreshMs,
  );
  return (
    <>
      {error !== undefined && <Failure error={error} what="Sources" />}
      {pending ? (
        <Pending what="sources" />
      ) : rows.length > 0 ? (
        <Table caption="Sources" columns={columns} rows={rows} keyOf={({ id }) => id} file="sources" />
      ) : (
        error === undefined && (
          <Empty title="No source yet">
            <p>
              A source has an address for the webhooks of a service that is not yours, as Stripe, GitHub or a
              mail service. Mars verifies them, and maps them to events.{" "}
              <a href="/docs/sources.html">How sources work</a>
            </p>
            {may("admin") ? (
              <p>
                <a class="button primary" href={to("/sources", { new: "1" })}>
                  Make the first one
                </a>
              </p>
            ) : (
              <p class="muted">An administrator of an app can make one.</p>
            )}
          </Empty>
        )
      )}
      <More more={more} />
    </>
  );
}

function appOf({ app_id, app_from }: Source): string {
  return app_id ?? app_from ?? "";
}

function senderOf({ preset, verify }: Source): string {
  return preset === null ? `own rules, ${verify.scheme}` : presetTexts[preset];
}

function sumOf({ stats }: Source, outcomes: readonly string[]): number {
  return outcomes.reduce((sum, outcome) => sum + (stats.deliveries[outcome] ?? 0), 0);
}
