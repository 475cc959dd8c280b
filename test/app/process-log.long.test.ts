/** The log of a process: text on a terminal, JSON in a pipe. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../support/until.ts";

const main = join(import.meta.dir, "../../src/main.ts");

/** Starts Mars and stops it again. @returns the line of its log that says so */
async function stopped(env: Readonly<Record<string, string>>, terminal: boolean): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), "mars-log-"));
  const decoder = new TextDecoder();
  let text = "";
  const note = (chunk: Uint8Array) => {
    text += decoder.decode(chunk, { stream: true });
  };
  const child = Bun.spawn([process.execPath, "--no-env-file", main], {
    env: {
      PATH: process.env.PATH ?? "",
      TERM: "xterm",
      MARS_HTTP_PORT: "0",
      MARS_GRPC_PORT: "0",
      MARS_DATA_DIR: dataDir,
      ...env,
    },
    ...(terminal
      ? { terminal: { cols: 200, rows: 24, data: (_: unknown, chunk: Uint8Array) => note(chunk) } }
      : { stdout: "pipe" as const, stderr: "pipe" as const }),
  });
  try {
    if (terminal) {
      await until(() => text.includes("is up"));
      child.kill("SIGTERM");
      await child.exited;
      await until(() => text.includes("SIGTERM"));
    } else {
      const { stdout, stderr } = child as unknown as Record<"stdout" | "stderr", ReadableStream<Uint8Array>>;
      for await (const _ of stdout) child.kill("SIGTERM");
      text = await new Response(stderr).text();
    }
    return text.split(/\r?\n/).find((line) => line.includes("SIGTERM")) ?? "";
  } finally {
    child.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  }
}

test("is text with colours on a terminal, without them by NO_COLOR, and JSON in a pipe or where it is asked for", async () => {
  const [coloured, plain, asked, piped, wanted] = await Promise.all([
    stopped({}, true),
    stopped({ NO_COLOR: "1" }, true),
    stopped({ MARS_LOG_FORMAT: "json" }, true),
    stopped({}, false),
    stopped({ MARS_LOG_FORMAT: "text" }, false),
  ]);
  expect(coloured).toContain("\u001b[36mINFO \u001b[0m stopping ");
  const text = /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}stopping event=stopping signal=SIGTERM$/;
  expect(plain).toMatch(text);
  expect(wanted).toMatch(text);
  for (const line of [asked, piped]) {
    expect(JSON.parse(line)).toMatchObject({ level: "info", event: "stopping", signal: "SIGTERM" });
  }
});
