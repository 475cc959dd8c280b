/** The log: one JSON object a line, `time`, `level`, `message` and other fields; or a text. Never throws, and never has a key. */
import { writeSync } from "node:fs";

import type { Log, LogLevel } from "../core/ports.ts";
import { type LogTextOptions, textLine } from "./log-text.ts";

/** How far the causes of an error are followed; a cause may be its own. */
const causesMax = 5;
/** A key, in any text: the last defence, since nothing should log one. Its kind is no secret. */
const keys = /mars_(in|ro|rw|ad|se|tk)_[0-9A-Za-z]{8,}/g;
const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * @param level what is below it is dropped
 * @param write takes one line, its end included; the default is stderr
 * @param text absent: the lines are JSON
 */
export function createLog(
  level: LogLevel,
  write: (line: string) => void = writeStderr,
  text?: LogTextOptions,
): Log {
  const at = (own: LogLevel): Log[LogLevel] => {
    if (order.indexOf(own) < order.indexOf(level)) return () => undefined;
    return (message, fields) => {
      try {
        const json = formatLine(own, message, fields).replace(keys, "mars_$1_(hidden)");
        write(`${text === undefined ? json : textLine(json, text)}\n`);
      } catch {
        // Nowhere is left to report it: the reader of the log has gone, or its disk is full.
      }
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Synchronous, so that the last lines before an exit are not lost with the buffer of a stream. */
function writeStderr(line: string): void {
  const bytes = Buffer.from(line);
  let written = 0;
  // A full pipe accepts some bytes of a line; EAGAIN on a non-blocking one loses the rest of it rather than the thread.
  while (written < bytes.length) written += writeSync(2, bytes, written);
}

function formatLine(
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): string {
  const head = { time: new Date().toISOString(), level, message };
  try {
    // The head again at the end: a field cannot pass itself off as the time, the level or the message.
    return JSON.stringify({ ...head, ...fields, ...head }, replace);
  } catch {
    // A cycle, or a getter that throws.
    return JSON.stringify({ ...head, unloggable: Object.keys(fields) });
  }
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? describeError(value, causesMax) : value;
}

function describeError(error: Error, causesLeft: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = "code" in error ? { code: error.code } : {};
  const why =
    cause === undefined || causesLeft === 0
      ? {}
      : { cause: cause instanceof Error ? describeError(cause, causesLeft - 1) : cause };
  return { name, message, ...code, stack, ...why };
}
