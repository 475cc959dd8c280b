import { expect, test } from "bun:test";
import { createLog } from "../../src/runtime/log.ts";

function record(colour: boolean) {
  const lines: string[] = [];
  const log = createLog("debug", (line) => lines.push(line), { colour });
  return { lines, log };
}

test("a line has its time, level, message and fields; what has blanks is quoted", () => {
  const { lines, log } = record(false);
  log.warn("access denied", { event: "access_denied", name: "a key", count: 2, nothing: null });
  expect(lines[0]).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}access denied event=access_denied name="a key" count=2 nothing=null\n$/,
  );
});

test("the stacks of an error and its causes are below the line", () => {
  const { lines, log } = record(false);
  log.error("failed", { error: new Error("no", { cause: new Error("disk full") }), at: 1 });
  const [head = "", ...below] = lines[0]!.trimEnd().split("\n");
  expect(head).toEndWith('ERROR failed error="no" at=1');
  expect(below[0]).toBe("    Error: no");
  expect(below).toContain("    caused by Error: disk full");
  expect(below.join("\n")).toContain("log-text.test.ts");
});

test("colours are for terminals, and no field can give a terminal orders", () => {
  const { lines, log } = record(true);
  log.info("up", { event: "x", text: "\u001b[2Jgone\u009b1m\u202e\nnext" });
  expect(lines[0]).toContain("\u001b[36mINFO \u001b[0m up");
  expect(lines[0]).toContain("\\u001b[2Jgone\\u009b1m\\u202e\\nnext");
  expect(lines[0]!.match(/\n/g)).toHaveLength(1);
});

test("a key is hidden in a text as well", () => {
  const { lines, log } = record(false);
  log.info("for", { token: "mars_rw_Cq5Vn8Zk2Xw7Jd4Rb9Tf6Hs3Lm1Yp0Gae7Ku" });
  expect(lines[0]).toContain("token=mars_rw_(hidden)");
});
