/**
 * The read of the start page, which is under way before its script is: `page.ts` names it in the page's `Link`. The first frame waits
 * for it, so that a browser lays out and paints once, with content.
 */
import type { OperationName } from "../../api/operation-types.ts";
import type { Door } from "./account.ts";
import { call, type Given } from "./call.ts";
import { parameter, path } from "./route.ts";

/** A slow read is worth an empty frame. */
const waitMs = 150;

interface FirstRead<Answer> {
  readonly key: string;
  readonly whole: Promise<Answer>;
  /** Absent until it has come. */
  answer?: Answer;
}

let first: FirstRead<unknown> | undefined;

/** Resolves when the read has been answered or has failed, after 150 ms at most. */
export async function readFirst({ caller }: Door): Promise<void> {
  if (path.peek() !== "/" || parameter("range") !== undefined) return;
  if (caller === null || caller.kind === "in") return;
  const given = { window: "" };
  const begun: FirstRead<unknown> = { key: readKey("getOverview", given), whole: call("getOverview", given) };
  first = begun;
  const ended = begun.whole.then(
    (answer) => {
      begun.answer = answer;
    },
    // The screen that takes it shows why.
    () => {},
  );
  await Promise.race([ended, new Promise((done) => setTimeout(done, waitMs))]);
}

/** The first read, for the screen that shows it; once. */
export function takeFirst<Answer>(key: string): FirstRead<Answer> | undefined {
  if (first?.key !== key) return undefined;
  const taken = first as FirstRead<Answer>;
  first = undefined;
  return taken;
}

export function readKey<Name extends OperationName>(name: Name, given: Given<Name>): string {
  return JSON.stringify([name, given]);
}
