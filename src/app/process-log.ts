/** The log of a process that runs Mars, on its stderr: text for the people at a terminal, else JSON. */
import { isatty } from "node:tty";
import type { Config } from "../config/config.ts";
import type { Log } from "../core/ports.ts";
import { createLog } from "../runtime/log.ts";

const stderr = 2;

/** @param env `NO_COLOR` (https://no-color.org) and `TERM` */
export function createProcessLog(
  { logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">,
  { NO_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): Log {
  const terminal = isatty(stderr);
  const text = logFormat === "text" || (logFormat === "auto" && terminal);
  const colour = terminal && !NO_COLOR && TERM !== "dumb";
  return createLog(logLevel, undefined, text ? { colour } : undefined);
}
