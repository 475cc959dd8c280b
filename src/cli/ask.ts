/** One operation as a command: calls it, to the last page where that is asked for, and prints its answers. */
import type { Operation } from "../api/operation.ts";
import type { Arguments } from "./arguments.ts";
import { call } from "./call.ts";
import { harmless } from "./cell.ts";
import { exitCode } from "./exit-code.ts";
import { jsonOutput, rowsIn, tableOutput } from "./output.ts";
import { requestOf } from "./request.ts";
import type { Session } from "./session.ts";

export interface AskOptions {
  /** Goes on to the last page. */
  readonly all: boolean;
  /** Rows in the answer are a failure. */
  readonly fail: boolean;
  /** Its text, where it does not come from values. */
  readonly body?: string;
}

/** @returns the exit code */
export async function ask(
  operation: Operation,
  values: Arguments["values"],
  { all, fail, body }: AskOptions,
  { client, host, json, style, agent }: Session,
): Promise<number> {
  const output = json
    ? jsonOutput(operation, { all, terminal: host.columns !== undefined })
    : tableOutput(operation, { all, style });
  let rows = 0;
  for (let cursor: unknown; ; ) {
    const request = requestOf(operation, cursor === undefined ? values : { ...values, cursor }, body);
    const answer = await call(client, request, agent);
    if (!answer.ok) {
      for (const sentence of answer.sentences) host.complain(harmless(sentence));
      return exitCode.failed;
    }
    rows += rowsIn(operation, answer);
    const ended = fail && rows > 0 ? exitCode.failed : exitCode.done;
    // The reader of a pipe that has gone, such as `head`, has had enough.
    if (!host.print(output(answer))) return ended;
    const { success, next_cursor } = answer.value as {
      readonly success?: unknown;
      readonly next_cursor?: unknown;
    };
    if (success === false) return exitCode.failed;
    cursor = next_cursor ?? undefined;
    if (!all || cursor === undefined) return ended;
  }
}
