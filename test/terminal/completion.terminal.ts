/** Completion in real shells, with values of a running Mars. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startMars, type TestMars } from "../support/mars.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { openWindow, programs, type Window } from "./tmux.ts";

const { directory, remove } = programs();
let mars: TestMars;
let window: Window | undefined;

beforeAll(async () => {
  mars = await startMars();
  const seq = await sendBulk(mars.url, [
    { app_id: "warehouse-eu", message_id: "parcel-77", event: "created" },
    { app_id: "shop", message_id: "order-1", event: "created" },
  ]);
  await getJson(`${mars.url}/api/findings?min_seq=${seq}`);
  writeFileSync(join(directory, "events.ndjson"), "");
});

afterAll(async () => {
  await window?.close();
  await mars[Symbol.asyncDispose]();
  remove();
});

const shells = [
  ["bash", "bash --norc", "PS1='ready> '; source <(mars completion bash)"],
  ["zsh", "zsh -f", "PS1='ready> '; autoload -U compinit; compinit -u; source <(mars completion zsh)"],
  ["fish", "fish --no-config", "function fish_prompt; echo -n 'ready> '; end; mars completion fish | source"],
] as const;

test.each(shells)("%s completes commands, flags, files, and values of Mars", async (_, command, setUp) => {
  window = await openWindow({ directory, command, env: { MARS_URL: mars.url } });
  await window.when(/[$#>%] *$/m);
  await window.type(setUp, "Enter", "clear; echo se''t", "Enter");
  await window.when(/^set$/m);
  const cases = [
    ["mars lifec", /mars lifecycle$/m],
    ["mars lifecycle le", /mars lifecycle learn$/m],
    ["mars list --mis", /mars list --missing$/m],
    ["mars list --app ware", /mars list --app warehouse-eu$/m],
    ["mars show warehouse-eu par", /mars show warehouse-eu parcel-77$/m],
    ["mars tail apps/wareh", /mars tail apps\/warehouse-eu$/m],
    ["mars list --order old", /mars list --order oldest$/m],
    ["mars import eve", /mars import events\.ndjson$/m],
  ] as const;
  for (const [typed, completed] of cases) {
    await window.type("C-u", typed, "Tab");
    const screen = await window.when(completed);
    expect(screen).toMatch(completed);
  }
  await window.close();
  window = undefined;
});
