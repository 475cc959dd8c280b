/** Keys: who may do what, in which apps, until when. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../../api/operation-types.ts";
import { mayAllApps } from "../../../data/account.ts";
import { useAct } from "../../../data/act.ts";
import { call, type Given } from "../../../data/call.ts";
import { useList } from "../../../data/list.ts";
import { Confirm } from "../../../parts/confirm.tsx";
import { Export } from "../../../parts/export.tsx";
import { JsonDialog } from "../../../parts/json-dialog.tsx";
import { More } from "../../../parts/more.tsx";
import { Empty, Failure, Pending } from "../../../parts/notice.tsx";
import { type Column, Table } from "../../../parts/table.tsx";
import { Ago, Moment } from "../../../parts/time.tsx";
import { NewKey, ShownOnce } from "./new-key.tsx";

export type Key = AnswerOf<"listKeys">["keys"][number];
type Asked = { readonly key: Key; readonly what: "rotate" | "revoke" | "limits" };

export const kindTexts: Readonly<Record<Key["kind"], string>> = {
  in: "reports events",
  ro: "reads",
  rw: "reads, changes lifecycles and alerts",
  ad: "everything",
};

export function Keys() {
  const { rows, pending, error, more, reload } = useList("listKeys", { limit: 200 }, ({ keys }) => keys);
  const making = useSignal(false);
  const asked = useSignal<Asked | undefined>(undefined);
  const issued = useSignal<{ name: string; token: string } | undefined>(undefined);
  const { working, run } = useAct();
  const ask = (key: Key, what: Asked["what"]) => () => {
    asked.value = { key, what };
  };
  const done = () => {
    asked.value = undefined;
  };
  const rotate = ({ id, name }: Key) =>
    void run(async () => {
      const { token } = await call("rotateKey", { id, overlap: "1h" });
      issued.value = { name, token };
      reload();
    }, `The text before is good for another hour.`);
  const revoke = ({ id, name }: Key) =>
    void run(() => call("revokeKey", { id }), `The key ${name} has ended.`).then(reload);

  const columns: readonly Column<Key>[] = [
    {
      name: "Key",
      wide: true,
      cell: ({ name, shown }) => (
        <span>
          <strong dir="auto">{name}</strong>
          <code class="also">{shown}…</code>
        </span>
      ),
      text: ({ name, shown }) => `${name} ${shown}…`,
    },
    {
      name: "May",
      cell: ({ kind }) => <span title={`kind ${kind}`}>{kindTexts[kind]}</span>,
      text: ({ kind }) => kind,
    },
    {
      name: "Apps",
      cell: ({ apps }) => <span class="id">{apps.join(", ")}</span>,
      text: ({ apps }) => apps.join(" "),
    },
    {
      name: "Made",
      cell: ({ created_at }) => <Moment at={created_at} />,
      text: ({ created_at }) => created_at,
    },
    {
      name: "Last used",
      cell: ({ last_used_at }) => (last_used_at === null ? <span>never</span> : <Ago at={last_used_at} />),
      text: ({ last_used_at }) => last_used_at ?? "",
    },
    {
      name: "Ends",
      cell: ({ expires_at }) => (expires_at === null ? <span>never</span> : <Ago at={expires_at} />),
      text: ({ expires_at }) => expires_at ?? "",
    },
    {
      name: "",
      align: "end",
      cell: (key) => (
        <span class="row-actions">
          {mayAllApps() && (
            <button type="button" class="button quiet" onClick={ask(key, "limits")}>
              Limits
            </button>
          )}
          <button type="button" class="button quiet" disabled={working} onClick={ask(key, "rotate")}>
            Rotate
          </button>
          <button type="button" class="button quiet" disabled={working} onClick={ask(key, "revoke")}>
            Revoke
          </button>
        </span>
      ),
    },
  ];
  return (
    <>
      <p>
        <button
          type="button"
          class="button primary"
          onClick={() => {
            making.value = true;
          }}
        >
          New key
        </button>
      </p>
      {error !== undefined && <Failure error={error} what="The keys" />}
      {pending ? (
        <Pending what="keys" />
      ) : rows.length > 0 ? (
        <Table caption="Keys" columns={columns} rows={rows} keyOf={({ id }) => id} />
      ) : (
        error === undefined && (
          <Empty title="No key yet">
            <p>
              Without any key everyone on this machine may do everything. With the first one every caller
              needs a key: keep its text, and sign in with it.
            </p>
          </Empty>
        )
      )}
      {rows.length > 0 && (
        <p class="files">
          <Export name="listKeys" given={{}} rowsOf={({ keys }) => keys} columns={columns} file="keys" />
        </p>
      )}
      <More more={more} />
      {making.value && (
        <NewKey
          issued={(name, token) => {
            issued.value = { name, token };
            reload();
          }}
          close={() => {
            making.value = false;
          }}
        />
      )}
      {issued.value !== undefined && (
        <ShownOnce
          {...issued.value}
          close={() => {
            issued.value = undefined;
          }}
        />
      )}
      {asked.value !== undefined && <Ask {...asked.value} close={done} {...{ rotate, revoke, reload }} />}
    </>
  );
}

interface AskProps extends Asked {
  rotate(key: Key): void;
  revoke(key: Key): void;
  reload(): void;
  close(): void;
}

function Ask({ key, what, rotate, revoke, reload, close }: AskProps) {
  const { id, name, limits } = key;
  if (what === "limits") {
    return (
      <JsonDialog
        title={`Limits of ${name}`}
        id={id}
        value={limits}
        hint="Where one is null that of the settings holds."
        put={(_, value) => {
          const set = Object.entries(value).filter(([, one]) => one !== null);
          return call("limitKey", { id, limits: Object.fromEntries(set) } as Given<"limitKey">).then(reload);
        }}
        close={close}
      />
    );
  }
  return what === "rotate" ? (
    <Confirm title={`Rotate ${name}?`} action="Rotate" confirmed={() => rotate(key)} close={close}>
      <p>The key gets a new text. The one before stays good for an hour, so that programs can change over.</p>
    </Confirm>
  ) : (
    <Confirm title={`Revoke ${name}?`} action="Revoke" confirmed={() => revoke(key)} close={close}>
      <p>Programs that use it are refused from now on, and their open streams end.</p>
    </Confirm>
  );
}
