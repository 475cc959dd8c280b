/** The operations on views of the dashboard that people save. */
import * as z from "zod";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { appIdBytesMax, smallBodyBytesMax } from "../core/limits.ts";
import { type SavedView, viewAddressBytesMax, viewNameBytesMax, viewToJson } from "../core/saved-view.ts";
import { textProblem } from "../core/validate.ts";
import { found, settingLimit } from "./alert-fields.ts";
import { assertApp } from "./app-scope.ts";
import { appId, cursor, field, flag, type Reading, text } from "./fields.ts";
import { pageOf } from "./memory-page.ts";
import { operation } from "./operation.ts";

const path = "/api/views/{name}";

const name = text(viewNameBytesMax, "Its name; its owner has one view of it.");

const addressPattern = "^/(?![/\\\\])";
const addressForm = new RegExp(addressPattern);

/** Path and query of a screen. Another host would lead those who open it away. */
const address = field(
  {
    type: "string",
    pattern: addressPattern,
    maxLength: viewAddressBytesMax,
    examples: ["/messages?app_id=shop&state=overdue"],
    description: "The address that the dashboard has for it: a path and a query.",
  },
  (value): Reading<string> => {
    if (typeof value !== "string") return { problem: "must be a string" };
    if (!addressForm.test(value)) return { problem: "must begin with one /" };
    const problem = textProblem(value, viewAddressBytesMax);
    if (problem !== undefined) return { problem };
    const app = appOf(value);
    const wrong = app === undefined ? undefined : textProblem(app, appIdBytesMax);
    return wrong === undefined ? { value } : { problem: `must have an app_id that ${wrong}` };
  },
);

const view = z.strictObject({
  name: z.string(),
  address: z.string(),
  app_id: z
    .string()
    .nullable()
    .meta({ description: "The app of the address. A view is seen by those who may read it." }),
  shared: z.boolean().meta({ description: "Whether others see it." }),
  owner: z.string().meta({ description: "As in the audit." }),
  owner_name: z.string(),
  own: z.boolean().meta({ description: "Whether it is the caller's own." }),
});

export const listViews = operation({
  name: "listViews",
  summary: "Views of the dashboard that the caller has saved, and those that others share; by name.",
  scope: "read",
  apps: "own",
  rest: "GET /api/views",
  rpc: "mars.v1.ViewService/ListViews",
  command: "views list",
  input: z.strictObject({ app_id: appId.optional(), limit: settingLimit, cursor: cursor.optional() }),
  output: z.strictObject({ views: z.array(view), next_cursor: z.string().nullable() }),
  async handle({ reader }, { app_id, ...page }, caller) {
    if (app_id !== undefined) assertApp(caller, app_id, "read");
    const all = (await reader(caller).savedViews(caller.identity.share)).filter(
      ({ appId }) => (app_id === undefined || appId === app_id) && mayApp(caller, appId),
    );
    const positionOf = ({ name, owner }: SavedView) => `${name}\n${owner}`;
    const sorted = all.toSorted((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1));
    const { page: some, nextCursor } = pageOf("views", sorted, positionOf, page);
    return { views: some.map((one) => shown(one, caller)), next_cursor: nextCursor };
  },
});

export const putView = operation({
  name: "putView",
  summary: "Save a view under a name, or replace the caller's view of this name; at most 200 of one owner.",
  scope: "write",
  apps: "own",
  rest: `PUT ${path}`,
  body: { bytesMax: smallBodyBytesMax },
  restAnswer: "view",
  rpc: "mars.v1.ViewService/PutView",
  command: "views put",
  input: z.strictObject({
    name,
    address,
    shared: flag("Whether others see it; false unless given.").optional(),
  }),
  output: z.strictObject({ view }),
  async handle({ views, changes }, { name, address, shared = false }, caller, by) {
    const app = appOf(address);
    if (!mayApp(caller, app)) {
      throw new MarsError("permission_denied", "address is of an app that this key is not for");
    }
    const { share: owner, name: ownerName } = caller.identity;
    const wanted = { owner, ownerName, name, address, shared, ...(app !== undefined && { appId: app }) };
    await changes.run(caller, () => views.putView(wanted, by));
    return { view: shown(wanted, caller) };
  },
});

export const deleteView = operation({
  name: "deleteView",
  summary: "Delete the caller's view of this name, or with `owner` one that another caller shares.",
  scope: "write",
  apps: "own",
  rest: `DELETE ${path}`,
  rpc: "mars.v1.ViewService/DeleteView",
  command: "views delete",
  input: z.strictObject({
    name,
    owner: text(512, "Whose it is; of another than the caller it needs the scope admin.").optional(),
  }),
  output: z.strictObject({}),
  async handle({ views, changes, reader }, { name, owner }, caller, by) {
    const own = caller.identity.share;
    const whose = owner ?? own;
    if (whose !== own) {
      caller.identity.assertMay("admin");
      const known = (await reader(caller).savedViews(own)).find(
        (one) => one.owner === whose && one.name === name,
      );
      found((known !== undefined && mayApp(caller, known.appId)) || undefined, "view");
    }
    found((await changes.run(caller, () => views.deleteView(whose, name, by))) || undefined, "view");
    return {};
  },
});

function appOf(address: string): string | undefined {
  const query = address.indexOf("?");
  if (query === -1) return undefined;
  return new URLSearchParams(address.slice(query).split("#")[0]).get("app_id") || undefined;
}

function mayApp({ identity }: Caller, app: string | undefined): boolean {
  return app === undefined || identity.mayApp(app);
}

function shown(one: SavedView, { identity }: Caller) {
  return { ...viewToJson(one), own: one.owner === identity.share };
}
