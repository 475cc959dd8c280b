/** The operations on sessions: who is signed in, and who calls. `edge/rest/sessions.ts` signs in and out. */
import * as z from "zod";
import { endOf } from "../access/session.ts";
import type { ListedSession } from "../access/session-ring.ts";
import type { Caller } from "../core/caller.ts";
import { keyKinds } from "../core/rights.ts";
import { formatTime } from "../core/time.ts";
import { found } from "./alert-fields.ts";
import { timestamp } from "./answers.ts";
import { coversAll } from "./app-scope.ts";
import { cursor, limit, text } from "./fields.ts";
import { creationOf, pageOf } from "./memory-page.ts";
import { operation } from "./operation.ts";

const rights = {
  name: z.string().meta({ description: "The name of the key, or of the person." }),
  kind: z.enum(keyKinds),
  apps: z.array(z.string()),
};

/** A session as REST and RPC show it. */
const session = z.strictObject({
  id: z.string(),
  owner: z.string().meta({ description: "The key or the person that has signed in." }),
  ...rights,
  address: z.string().meta({ description: "Where the sign-in came from." }),
  created_at: timestamp,
  last_used_at: timestamp.meta({ description: "To the minute." }),
  expires_at: timestamp.meta({ description: "Unless it is used again." }),
  current: z.boolean().meta({ description: "Whether it is the caller's." }),
});

export const whoAmI = operation({
  name: "whoAmI",
  summary: "The caller, and what it may do.",
  scope: "read",
  apps: "none",
  rest: "GET /api/session",
  rpc: "mars.v1.AccessService/WhoAmI",
  command: "whoami",
  input: z.strictObject({}),
  output: z.strictObject({
    id: z.string().meta({ description: "`key:…`, `session:…`, `admin`, `local` or `anonymous`." }),
    ...rights,
    open_to_all: z.boolean().meta({
      description: "Whether everyone who reaches this Mars, from other machines too, may do everything.",
    }),
  }),
  handle({ exposed }, _input, { identity }) {
    const { id, name, kind, apps } = identity;
    return { id, name, kind, apps: [...apps], open_to_all: exposed };
  },
});

export const listSessions = operation({
  name: "listSessions",
  summary:
    "Browsers that are signed in with the caller's key, in the order in which they signed in; for an `ad` key all that it has rights for.",
  scope: "read",
  apps: "own",
  rest: "GET /api/sessions",
  rpc: "mars.v1.AccessService/ListSessions",
  command: "sessions list",
  input: z.strictObject({ limit, cursor: cursor.optional() }),
  output: z.strictObject({ sessions: z.array(session), next_cursor: z.string().nullable() }),
  handle({ sessions }, wanted, caller) {
    const visible = sessions.list().filter((one) => isVisible(one, caller));
    const { page, nextCursor } = pageOf("sessions", visible, creationOf, wanted);
    return { sessions: page.map((one) => sessionJson(one, caller)), next_cursor: nextCursor };
  },
});

export const endSession = operation({
  name: "endSession",
  summary: "End a session at once, with every stream and socket that it has opened; 404 when there is none.",
  scope: "read",
  apps: "own",
  rest: "DELETE /api/sessions/{id}",
  rpc: "mars.v1.AccessService/EndSession",
  command: "sessions end",
  input: z.strictObject({ id: text(64, "The session's id.") }),
  output: z.strictObject({}),
  async handle({ sessions }, { id }, caller, by) {
    const one = sessions.get(id);
    found(one !== undefined && isVisible(one, caller) ? one : undefined, "session");
    const own = caller.identity.id === `session:${id}`;
    sessions.end(id, "this session was ended by another", own ? undefined : by);
    await sessions.flush();
    return {};
  },
});

function isVisible(one: ListedSession, caller: Caller): boolean {
  const { share, kind } = caller.identity;
  return one.owner === share || (kind === "ad" && coversAll(caller, one.apps));
}

function sessionJson(shown: ListedSession, { identity }: Caller): z.input<typeof session> {
  const { id, owner, name, kind, apps, address, createdAt, lastUsedAt } = shown;
  return {
    id,
    owner,
    name,
    kind,
    apps: [...apps],
    address,
    created_at: formatTime(createdAt),
    last_used_at: formatTime(lastUsedAt),
    expires_at: formatTime(endOf(shown)),
    current: identity.id === `session:${id}`,
  };
}
