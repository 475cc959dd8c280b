/** Browsers that are signed in. */
import type { AnswerOf } from "../../../../api/operation-types.ts";
import { isSignedIn } from "../../../data/account.ts";
import { useAct } from "../../../data/act.ts";
import { call } from "../../../data/call.ts";
import { useList } from "../../../data/list.ts";
import { Badge } from "../../../parts/badge.tsx";
import { Export } from "../../../parts/export.tsx";
import { More } from "../../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../../parts/notice.tsx";
import { type Column, Table } from "../../../parts/table.tsx";
import { Ago, Moment } from "../../../parts/time.tsx";
import { kindTexts } from "./keys.tsx";

type Session = AnswerOf<"listSessions">["sessions"][number];

export function Sessions() {
  const { rows, pending, error, more, reload } = useList(
    "listSessions",
    { limit: 200 },
    ({ sessions }) => sessions,
  );
  const { working, run } = useAct();
  const columns: readonly Column<Session>[] = [
    {
      name: "Who",
      wide: true,
      cell: ({ name, owner, current }) => (
        <span>
          <strong dir="auto">{name}</strong> {current && <Badge tone="good">this browser</Badge>}
          <span class="also id">{owner}</span>
        </span>
      ),
      text: ({ name, owner }) => `${name} ${owner}`,
    },
    { name: "May", cell: ({ kind }) => <span>{kindTexts[kind]}</span>, text: ({ kind }) => kind },
    {
      name: "Apps",
      cell: ({ apps }) => <span class="id">{apps.join(", ")}</span>,
      text: ({ apps }) => apps.join(" "),
    },
    {
      name: "From",
      cell: ({ address }) => <span class="id">{address}</span>,
      text: ({ address }) => address,
    },
    {
      name: "Signed in",
      cell: ({ created_at }) => <Moment at={created_at} />,
      text: ({ created_at }) => created_at,
    },
    {
      name: "Last used",
      cell: ({ last_used_at }) => <Ago at={last_used_at} />,
      text: ({ last_used_at }) => last_used_at,
    },
    {
      name: "Ends",
      title: "Unless it is used again",
      cell: ({ expires_at }) => <Ago at={expires_at} />,
      text: ({ expires_at }) => expires_at,
    },
    {
      name: "",
      align: "end",
      cell: ({ id, name }) => (
        <button
          type="button"
          class="button quiet"
          disabled={working}
          onClick={() =>
            void run(() => call("endSession", { id }), `The session of ${name} has ended.`).then(reload)
          }
        >
          End
        </button>
      ),
    },
  ];
  return (
    <>
      {error !== undefined && <Failure error={error} what="The sessions" />}
      {pending ? (
        <Pending what="sessions" />
      ) : rows.length > 0 ? (
        <Table caption="Sessions" columns={columns} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && (
          <Empty title="No browser is signed in">
            <p>{isSignedIn() ? "All sessions have ended." : "People sign in once there is a key."}</p>
          </Empty>
        )
      )}
      {rows.length > 0 && (
        <p class="files">
          <Export
            name="listSessions"
            given={{}}
            rowsOf={({ sessions }) => sessions}
            columns={columns}
            file="sessions"
          />
        </p>
      )}
      <More more={more} />
    </>
  );
}
