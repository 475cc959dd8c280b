/** The audit: which caller has changed what, and how it was before. */
import type { AnswerOf } from "../../../../api/operation-types.ts";
import type { Given } from "../../../data/call.ts";
import { useList } from "../../../data/list.ts";
import { rangeOf } from "../../../data/range.ts";
import { parameter } from "../../../data/route.ts";
import { RangePicker } from "../../../frame/range-picker.tsx";
import { Export } from "../../../parts/export.tsx";
import { AppFilter, TextFilter } from "../../../parts/filters.tsx";
import { More } from "../../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../../parts/notice.tsx";
import { type Column, Table } from "../../../parts/table.tsx";
import { Moment } from "../../../parts/time.tsx";

type Entry = AnswerOf<"listAudit">["entries"][number];

const columns: readonly Column<Entry>[] = [
  { name: "When", cell: ({ at }) => <Moment at={at} />, text: ({ at }) => at },
  {
    name: "Who",
    cell: ({ who, name, address, protocol }) => (
      <span>
        <span dir="auto">{name || who}</span>
        <span class="also id">
          {who} {address} {protocol}
        </span>
      </span>
    ),
    text: ({ who, name, address, protocol }) => `${who} ${name} ${address} ${protocol}`,
  },
  { name: "Did", cell: ({ action }) => <code>{action}</code>, text: ({ action }) => action },
  {
    name: "Of",
    cell: (entry) => {
      const { target, app_id } = entry;
      const name = nameOf(entry);
      return (
        <span>
          <span class="id">{name ?? target}</span>
          {name !== undefined && <span class="also id">{target}</span>}
          {app_id !== null && app_id !== target && <span class="also id">{app_id}</span>}
        </span>
      );
    },
    text: ({ target, app_id }) => (app_id === null ? target : `${app_id} ${target}`),
  },
  {
    name: "Change",
    wide: true,
    cell: (entry) => <Change {...entry} />,
    text: ({ old, new: now }) => JSON.stringify({ old, new: now }),
  },
];

export function Audit() {
  const range = rangeOf("30d");
  const given: Given<"listAudit"> = {
    since: range.since,
    until: range.until,
    who: parameter("who"),
    action: parameter("action"),
    app_id: parameter("app_id"),
    target: parameter("target"),
    limit: 100,
  };
  const { rows, pending, error, more } = useList("listAudit", given, ({ entries }) => entries);
  return (
    <>
      <div class="filters">
        <TextFilter name="who" label="Who" placeholder="key:…" />
        <TextFilter name="action" label="Did" placeholder="putLifecycle" />
        <TextFilter name="target" label="Of" />
        <AppFilter />
        <RangePicker range={range} values={["24h", "7d", "30d"]} />
        <span class="end">
          <Export
            name="listAudit"
            given={given}
            rowsOf={({ entries }) => entries}
            columns={columns}
            file="audit"
          />
        </span>
      </div>
      {error !== undefined && <Failure error={error} what="The audit" />}
      {pending ? (
        <Pending what="the audit" />
      ) : rows.length > 0 ? (
        <Table caption="Audit" columns={columns} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && (
          <Empty title="Nothing was changed">
            <p>No change in this time is as the filters ask.</p>
          </Empty>
        )
      )}
      <More more={more} />
    </>
  );
}

/** The members that differ, and all of it behind a click. */
function Change({ old, new: now }: Pick<Entry, "old" | "new">) {
  if (old === null && now === null) return null;
  const members = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])].filter(
    (member) => JSON.stringify(old?.[member]) !== JSON.stringify(now?.[member]),
  );
  const verb = old === null ? "Made" : now === null ? "Deleted" : "Changed";
  return (
    <details>
      <summary>
        {verb}
        {verb === "Changed" && members.length > 0 && `: ${members.slice(0, 4).join(", ")}`}
      </summary>
      <dl class="change">
        {members.map((member) => (
          <div key={member}>
            <dt>{member}</dt>
            {old !== null && (
              <dd>
                <del>{valueText(old[member])}</del>
              </dd>
            )}
            {now !== null && <dd>{valueText(now[member])}</dd>}
          </div>
        ))}
      </dl>
    </details>
  );
}

/** People know a key by its name, and not by its id. */
function nameOf({ target, old, new: now }: Entry): string | undefined {
  const name = (now ?? old)?.name;
  return typeof name === "string" && name !== target ? name : undefined;
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
