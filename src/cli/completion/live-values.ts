/** Values that a Mars knows: apps, messages, topics, stages, and the ids of rules, sinks and the like. */
import { getLifecycle } from "../../api/lifecycles.ts";
import { listMessages } from "../../api/messages.ts";
import type { Operation } from "../../api/operation.ts";
import { operations } from "../../api/operations.ts";
import { listApps } from "../../api/statistics.ts";
import type { Client } from "../../config/client.ts";
import { exchange } from "../call.ts";
import { rowsOf } from "../output.ts";
import { requestOf } from "../request.ts";
import type { Candidate, Candidates } from "./candidates.ts";

/** Nobody waits longer for a completion. */
const timeoutMs = 1_500;
const appsMax = 500;
const messagesMax = 50;
const appFields = new Set(["app_id", "apps", "app"]);
const stageFields = new Set(["event", "missing", "stage", "after", "stage_events", "after_events"]);
const topics = ["all", "findings", "alerts", "incidents"];

type Values = Extract<Candidates, { kind: "values" }>;

/** Nothing where Mars does not answer in time, or the key may not read it. @param typed the beginning of the word */
export async function liveValues(
  { field, command, given }: Values,
  typed: string,
  { client, agent }: { readonly client: Client; readonly agent: string },
): Promise<readonly Candidate[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  const rows = async (operation: Operation, values: Readonly<Record<string, unknown>>) => {
    const response = await exchange(client, requestOf(operation, values, undefined), { agent, signal });
    if (!response.ok) return [];
    return rowsOf(operation, (await response.json()) as object) as readonly Readonly<
      Record<string, unknown>
    >[];
  };
  const apps = async () => wordsOf(await rows(listApps, { limit: appsMax }), "app_id");
  const app = given.get("app_id");
  try {
    if (field === "topic") {
      const names = (await apps()).map((one) => `apps/${encodeURIComponent(one)}`);
      const more = ["findings", "incidents"].flatMap((kind) => names.map((one) => `${one}/${kind}`));
      return [...topics, ...names, ...more].map((word) => ({ word }));
    }
    // What stands alone behind show is a message, or the app of one.
    if (field === "app_id" && command === "show") {
      return [...(await apps()), ...(await messages())].map((word) => ({ word }));
    }
    if (appFields.has(field)) return (await apps()).map((word) => ({ word }));
    if (field === "message_id" || field === "prefix") return (await messages()).map((word) => ({ word }));
    if (stageFields.has(field) && app !== undefined) return (await stages(app)).map((word) => ({ word }));
    const list = listOf(command);
    return list === undefined ? [] : wordsOf(await rows(list, {}), field).map((word) => ({ word }));
  } catch {
    // A completion that cannot be had is none: the shell has no place for a reason.
    return [];
  }

  async function messages(): Promise<string[]> {
    if (typed === "" && app === undefined) return [];
    const values = {
      limit: messagesMax,
      ...(typed !== "" && { prefix: typed }),
      ...(app && { app_id: app }),
    };
    return wordsOf(await rows(listMessages, values), "message_id");
  }

  async function stages(appId: string): Promise<string[]> {
    const request = requestOf(getLifecycle, { app_id: appId }, undefined);
    const response = await exchange(client, request, { agent, signal });
    if (!response.ok) return [];
    const { lifecycle } = (await response.json()) as {
      readonly lifecycle?: { readonly stages?: readonly { event?: string; any_of?: readonly string[] }[] };
    };
    return (lifecycle?.stages ?? []).flatMap(
      ({ event, any_of }) => any_of ?? (event === undefined ? [] : [event]),
    );
  }
}

function wordsOf(rows: readonly Readonly<Record<string, unknown>>[], member: string): string[] {
  return [...new Set(rows.map((row) => row[member]))].filter((value) => value !== undefined).map(String);
}

/** The list that belongs to a command: `alerts rules list` to `alerts rules get`. */
function listOf(command: string): Operation | undefined {
  const words = command.split(" ").slice(0, -1);
  return operations.find((one) => words.length > 0 && one.command === [...words, "list"].join(" "));
}
