/** The page's subscriptions, over a socket to a Mars. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Frame, Watcher } from "../../../src/ui/data/live.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { until } from "../../support/until.ts";

declare global {
  /** Of the page; there is none here. */
  var location: { readonly origin: string };
}

let mars: TestMars;
let watch: (topic: string, after: number | undefined, watcher: Watcher) => () => void;

beforeAll(async () => {
  mars = await startMars();
  // It is a page of this Mars that watches.
  globalThis.location = { origin: mars.url };
  ({ watch } = await import("../../../src/ui/data/live.ts"));
});

afterAll(async () => {
  await mars[Symbol.asyncDispose]();
});

test("a second watcher of a topic gets what came after its own seq, and the first nothing twice", async () => {
  const seqs = [await post("a", "A"), await post("a", "B"), await post("a", "C")];
  const [one, two, three] = [watching("apps/a", seqs[1]), watching("apps/a", 0), watching("apps/a", seqs[0])];
  await until(() => three.seen.length === 2);
  const next = await post("a", "D");
  await until(() => [one, two, three].every(({ seen }) => seen.at(-1) === next));
  expect(one.seen).toEqual([seqs[2]!, next]);
  expect(two.seen).toEqual([...seqs, next]);
  expect(three.seen).toEqual([seqs[1]!, seqs[2]!, next]);

  // The topic is live by now.
  const late = watching("apps/a", seqs[1]);
  await until(() => late.seen.length === 2);
  const last = await post("a", "E");
  await until(() => [one, late].every(({ seen }) => seen.at(-1) === last));
  expect(late.seen).toEqual([seqs[2]!, next, last]);
  expect(one.seen).toEqual([seqs[2]!, next, last]);
  for (const { stop } of [one, two, three, late]) stop();
});

test("a topic that is left and watched again at once begins at the new seq", async () => {
  const keep = watching("apps/other", undefined);
  const seqs = [await post("b", "A"), await post("b", "B")];
  watching("apps/b", 0).stop();
  const again = watching("apps/b", seqs[0]);
  await until(() => again.seen.length > 0);
  const next = await post("b", "C");
  await until(() => again.seen.at(-1) === next);
  expect(again.seen).toEqual([seqs[1]!, next]);
  again.stop();
  keep.stop();
});

function watching(topic: string, after: number | undefined): { seen: number[]; stop: () => void } {
  const seen: number[] = [];
  return { seen, stop: watch(topic, after, { frame: ({ seq }: Frame) => seen.push(seq) }) };
}

async function post(app_id: string, event: string): Promise<number> {
  const body = JSON.stringify({ app_id, message_id: "m", event });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${mars.url}/api/event`, { method: "POST", headers, body });
  const { seq } = (await answer.json()) as { seq: number };
  const read = await fetch(`${mars.url}/api/apps/${app_id}/messages/m?min_seq=${seq}`);
  await read.body?.cancel();
  return seq;
}
