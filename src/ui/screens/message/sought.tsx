/** The message that an id means: its screen, a choice where several have it, or the wait for its first event. */
import { useEffect } from "preact/hooks";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { call } from "../../data/call.ts";
import { watch } from "../../data/live.ts";
import { useLoaded } from "../../data/resource.ts";
import { parameter } from "../../data/route.ts";
import { Page } from "../../frame/page.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { MessageTable } from "../message-table.tsx";
import { MessageScreen } from "./message.tsx";

type Summary = AnswerOf<"listMessages">["messages"][number];

/** Matches that are listed; with more, the app must be given as well. */
const matchesMax = 200;

export default function Sought() {
  const id = parameter("message_id");
  const appId = parameter("app_id");
  if (id === undefined) {
    return (
      <Page title="Message">
        <Empty title="Which message?">
          <p>Type its id, or an external id of it, into the search.</p>
        </Empty>
      </Page>
    );
  }
  return <SoughtById key={`${appId ?? ""} ${id}`} id={id.trim()} appId={appId} />;
}

function SoughtById({ id, appId }: { id: string; appId: string | undefined }) {
  const { data, error, reload } = useLoaded(`find ${appId ?? ""} ${id}`, (aborted) =>
    find(id, appId, aborted),
  );
  const missing = data !== undefined && data.found.length === 0;
  const after = data?.asOfSeq;
  useEffect(() => {
    if (!missing) return;
    return watch(`event_timeline:${id}`, after, { frame: reload, lost: reload });
  }, [missing, id, after]);

  if (data === undefined) {
    return (
      <Page title={id}>
        {error === undefined ? <Pending what="the message" /> : <Failure error={error} what="The message" />}
      </Page>
    );
  }
  const one = data.found.length === 1 || appId !== undefined ? data.found[0] : undefined;
  if (one !== undefined) return <MessageScreen appId={one.app_id} messageId={one.message_id} soughtId={id} />;
  if (data.found.length === 0) return <Waiting id={id} appId={appId} />;
  return (
    <Page title={id}>
      <p class="lead">
        {data.found.length} messages have this id. {data.found.length >= matchesMax && "There may be more."}
      </p>
      <MessageTable caption={`Messages with the id ${id}`} messages={data.found} />
    </Page>
  );
}

/** Matches by message id, then by external id, each message once. */
async function find(
  id: string,
  appId: string | undefined,
  aborted: AbortSignal,
): Promise<{ found: Summary[]; asOfSeq: number }> {
  const shared = { order: "updated", limit: matchesMax, app_id: appId };
  const pages = await Promise.all([
    call("listMessages", { message_id: id, ...shared }, aborted),
    call("listMessages", { external_id: id, ...shared }, aborted),
  ]);
  const byKey = new Map<string, Summary>();
  for (const message of pages.flatMap((page) => page.messages)) {
    byKey.set(JSON.stringify([message.app_id, message.message_id]), message);
  }
  return { found: [...byKey.values()], asOfSeq: Math.min(...pages.map((page) => page.as_of_seq)) };
}

function Waiting({ id, appId }: { id: string; appId: string | undefined }) {
  const command = `curl ${location.origin}/api/event -H 'Content-Type: application/json' \\
  -d '${JSON.stringify({ app_id: appId ?? "shop", message_id: id, event: "CREATED" }).replaceAll("'", "'\\''")}'`;
  return (
    <Page title={id}>
      <Empty title="No event has come with this id">
        <p role="status">
          This page shows the message as soon as its first event arrives
          {appId === undefined ? "" : ` in ${appId}`}. To try it:
        </p>
        <pre>{command}</pre>
      </Empty>
    </Page>
  );
}
