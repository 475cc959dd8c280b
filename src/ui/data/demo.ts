/**
 * The demo that a button of the page plays: the page makes its events, and sends them by the ordinary calls with the rights of its
 * user, into apps whose names begin with `demo-`. It goes on while the page is open.
 */
import { signal } from "@preact/signals";
import { pagePrefix } from "../../demo/page-prefix.ts";
import { ApiError, call, send } from "./call.ts";

export interface DemoState {
  readonly step: "off" | "past" | "live" | "removing";
  /** Of the past. */
  readonly events: number;
  /** What is gone now, and until when. */
  readonly outage?: { readonly of: string; readonly untilMs: number };
}

const off: DemoState = { step: "off", events: 0 };
const ordersPerDay = 500;
/** A page may be closed between a refusal and the next try; more than this is no passing one. */
const triesMax = 10;

export const demo = signal<DemoState>(off);
let ended: AbortController | undefined;

/**
 * Resolves when the past is sent; the present goes on.
 *
 * @param days of the past; none where it has been played before
 * @param failed why the present has ended
 */
export async function playDemo(days: 0 | 1, failed: (error: ApiError) => void): Promise<void> {
  if (demo.peek().step !== "off") return;
  const stop = new AbortController();
  ended = stop;
  demo.value = { step: "past", events: 0 };
  try {
    const { Player } = await import("../../demo/player.ts");
    const startMs = Date.now();
    const seed = startMs % 1_000_000;
    const player = new Player(mars, { seed, prefix: pagePrefix, startMs, days, ordersPerDay });
    await player.setUp();
    await player.catchUp((events) => {
      demo.value = { step: "past", events };
    });
    demo.value = { ...demo.peek(), step: "live" };
    void player
      .goOn(stop.signal, ({ where, untilMs }, begins) => {
        const { step, events } = demo.peek();
        demo.value = { step, events, ...(begins && { outage: { of: where?.value ?? "", untilMs } }) };
      })
      .catch((error: unknown) => {
        demo.value = off;
        failed(error instanceof ApiError ? error : new ApiError(0, String(error)));
      });
  } catch (error) {
    demo.value = off;
    throw error;
  }
}

export function stopDemo(): void {
  ended?.abort();
  demo.value = off;
}

/** Ends the demo, its lifecycles, and erases its messages. Only their counts stay. */
export async function removeDemo(): Promise<void> {
  stopDemo();
  demo.value = { step: "removing", events: 0 };
  try {
    const { catalogueOf } = await import("../../demo/catalogue.ts");
    for (const { appId: app_id } of catalogueOf(pagePrefix)) {
      await call("deleteLifecycle", { app_id }).catch(ifThere);
      await call("eraseApp", { app_id }).catch(ifThere);
    }
  } finally {
    demo.value = off;
  }
}

interface Counted {
  readonly app_id: string;
  readonly lifecycle_version: number | null;
  readonly messages: { readonly open: number; readonly overdue: number; readonly untracked: number };
}

export function isDemo({ app_id }: Counted): boolean {
  return app_id.startsWith(pagePrefix);
}

/** Whether a demo's app has been removed: its counts are there for as long as counts are kept, and nothing else. */
export function isRemoved(app: Counted): boolean {
  const { open, overdue, untracked } = app.messages;
  return isDemo(app) && app.lifecycle_version === null && open + overdue + untracked === 0;
}

/** Tries again where Mars is only busy. */
async function patiently<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof ApiError && [0, 429, 503].includes(error.status);
      if (!passing || tries >= triesMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

function ifThere(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}

const mars = {
  putLifecycle: (app_id: string, lifecycle: unknown) =>
    patiently(() => call("putLifecycle", { app_id, lifecycle: lifecycle as object })),
  putAttributes: (app_id: string, indexed: readonly string[]) =>
    patiently(() => call("putAttributes", { app_id, indexed })),
  send: (events: readonly unknown[]) =>
    patiently(async () => {
      const { seq } = (await send("POST", "/api/event/bulk", { events })) as { readonly seq: number };
      return seq;
    }),
};
