import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { createLog } from "../../src/runtime/log.ts";

function record(level: "debug" | "info" | "warn" | "error") {
  const lines: string[] = [];
  return {
    lines,
    log: createLog(level, (line) => lines.push(line)),
    parsed: () => lines.map((line) => JSON.parse(line)),
  };
}

test("a line is one JSON object with its time, level and message first", () => {
  const { lines, log } = record("info");
  log.info("up\nand running", { port: 4000 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^\{"time":"\d{4}-\d\d-\d\dT[\d:.]+Z","level":"info","message":"up\\nand running","port":4000\}\n$/,
  );
});

test("what is below the level is dropped", () => {
  const { log, parsed } = record("warn");
  for (const level of ["debug", "info", "warn", "error"] as const) log[level](level);
  expect(parsed().map(({ message }) => message)).toEqual(["warn", "error"]);
});

test("a field cannot pass itself off as the message or the time", () => {
  const { log, parsed } = record("info");
  log.info("said", { message: "forged", level: "debug", time: "never" });
  expect(parsed()[0]).toMatchObject({ message: "said", level: "info" });
  expect(parsed()[0].time).not.toBe("never");
});

test("errors are written with their code, stack and causes, wherever they are", () => {
  const { log, parsed } = record("info");
  const error = new MarsError("unavailable", "no", { cause: new Error("disk full", { cause: "why" }) });
  log.error("failed", { error, all: [error] });
  const [line] = parsed();
  expect(line.error).toMatchObject({
    name: "MarsError",
    code: "unavailable",
    message: "no",
    stack: expect.stringContaining("log.test.ts"),
    cause: { message: "disk full", cause: "why" },
  });
  expect(line.all[0].message).toBe("no");
});

test("nothing that is logged can throw", () => {
  const { log, parsed } = record("info");
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const own = new Error("its own cause");
  own.cause = own;
  log.info("cycle", { cycle });
  log.info("own", { own });
  log.info("bigint", { count: 2n ** 64n });
  log.info("trap", {
    get trap() {
      throw new Error("sprung");
    },
  });
  expect(parsed().map(({ message }) => message)).toEqual(["cycle", "own", "bigint", "trap"]);
  expect(parsed()[0].unloggable).toEqual(["cycle"]);
  expect(parsed()[2].count).toBe("18446744073709551616");
});

test("a reader that has gone does not matter", () => {
  const log = createLog("info", () => {
    throw Object.assign(new Error("EPIPE"), { code: "EPIPE" });
  });
  expect(() => log.error("to nobody")).not.toThrow();
});

test("a key is hidden wherever it is: in a message, a field, an error and its stack", () => {
  const { lines, log, parsed } = record("info");
  const key = "mars_rw_Cq5Vn8Zk2Xw7Jd4Rb9Tf6Hs3Lm1Yp0Gae7Ku";
  const error = new MarsError("internal", `no ${key}`, { cause: new Error(`Bearer ${key}`) });
  log.info(`for ${key}`, { url: `/?token=${key}&a=1`, list: [key, "mars_rw_shop"], [key]: 1, error });
  expect(lines[0]).not.toContain(key.slice(8, 16));
  expect(parsed()[0]).toMatchObject({
    message: "for mars_rw_(hidden)",
    url: "/?token=mars_rw_(hidden)&a=1",
    list: ["mars_rw_(hidden)", "mars_rw_shop"],
    error: { cause: { message: "Bearer mars_rw_(hidden)" } },
  });
});
