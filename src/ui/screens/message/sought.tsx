/** The message that an id means: its screen, a choice where several have it, or the wait for its first event. */
import { useEffect } from "preact/hooks";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { ApiError, call } from "../../data/call.ts";
import { watch } from "../../data/live.ts";
import type { Message } from "../../data/message-events.ts";
import { useLoaded } from "../../data/resource.ts";
import { parameter } from "../../data/route.ts";
import { Page } from "../../frame/page.tsx";
import { MessageTable } from "../../parts/message-table.tsx";
import { Empty, Failure, Pending } from "../../parts/notice.tsx";
import { MessageScreen } from "./message.tsx";

type Summary = AnswerOf<"listMessages">["messages"][number];

/** Matches that are listed; with more, the app must be given as well. */
const matchesMax = 200;
/** Events that are read at once, the last ones. */
const eventsMax = 1_000;

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
  const missing = data?.message === undefined && data?.found.length === 0;
  const after = data?.asOfSeq;
  useEffect(() => {
    if (!missing) return;
    return watch(`event_timeline:${id}`, after, { frame: reload, lost: reload });
  }, [missing, id, after]);

  if (data === undefined) {
    return (
      <Page title={id}>
        {error === undefined ? (
          <Pending what="the message" rows={8} />
        ) : (
          <Failure error={error} what="The message" />
        )}
      </Page>
    );
  }
  const { message, found } = data;
  if (message !== undefined) {
    // What is read again takes the place of all that came live.
    const key = JSON.stringify([message.app_id, message.message_id, message.as_of_seq]);
    return <MessageScreen key={key} first={message} soughtId={id} again={reload} />;
  }
  if (found.length === 0) return <Waiting id={id} appId={appId} />;
  return (
    <Page title={id}>
      <p class="lead">
        {found.length} messages have this id. {found.length >= matchesMax && "There may be more."}
      </p>
      <MessageTable caption={`Messages with the id ${id}`} messages={found} />
    </Page>
  );
}

interface Found {
  /** The one that is meant; absent where there is none, or a choice. */
  readonly message?: Message;
  readonly found: readonly Summary[];
  readonly asOfSeq: number;
}

/** By its app and id at once; else matches by message id, then by external id, each message once. */
async function find(id: string, appId: string | undefined, aborted: AbortSignal): Promise<Found> {
  const direct = appId === undefined ? undefined : await read(appId, id, aborted);
  if (direct !== undefined) return { message: direct, found: [], asOfSeq: direct.as_of_seq };
  const shared = { order: "updated", limit: matchesMax, app_id: appId };
  const pages = await Promise.all([
    call("listMessages", { message_id: id, ...shared }, aborted),
    call("listMessages", { external_id: id, ...shared }, aborted),
  ]);
  const asOfSeq = Math.min(...pages.map((page) => page.as_of_seq));
  const byKey = new Map<string, Summary>();
  for (const message of pages.flatMap((page) => page.messages)) {
    byKey.set(JSON.stringify([message.app_id, message.message_id]), message);
  }
  const found = [...byKey.values()];
  const one = found.length === 1 || appId !== undefined ? found[0] : undefined;
  const message = one && (await read(one.app_id, one.message_id, aborted));
  return { ...(message !== undefined && { message }), found, asOfSeq };
}

/** The message with its last events; `undefined` where there is none. */
async function read(app_id: string, message_id: string, aborted: AbortSignal): Promise<Message | undefined> {
  try {
    return await call("getMessage", { app_id, message_id, order: "newest", limit: eventsMax }, aborted);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
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
