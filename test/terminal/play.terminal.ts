/** `demo` and `bench` at a real terminal. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startMars, type TestMars } from "../support/mars.ts";
import { openWindow, programs, type Window } from "./tmux.ts";

const { directory, remove } = programs();
let mars: TestMars;
let window: Window;

beforeAll(async () => {
  mars = await startMars();
  window = await openWindow({ directory, command: "bash --norc", env: { MARS_URL: mars.url } });
  await window.type("PS1='ready> '; clear", "Enter");
  await window.when(/^ready>$/m);
});

afterAll(async () => {
  await window.close();
  await mars[Symbol.asyncDispose]();
  remove();
});

test("bench shows how far it is, and ends with a table of what was acknowledged, took and is stored", async () => {
  await window.type("clear; mars bench --seconds 3 --connections 4; echo code $?", "Enter");
  await window.when(/\d+ events/);
  const screen = await window.when(/code \d/);
  expect(screen).toMatch(/^acknowledged +\d+ events in 3\.\d s: \d+ a second, each on disk$/m);
  expect(screen).toMatch(/^a call took +p50 .* p99 .* max .*$/m);
  expect(screen).toMatch(/^stored +\d+ events, .*each exactly once$/m);
  expect(screen).toMatch(/code 0$/m);
  expect(screen).not.toContain("%");
});

test("demo plays the past into a Mars of its own, goes on live, and Ctrl-C ends both", async () => {
  await window.type("clear; mars demo --days 1; echo code $?", "Enter");
  const began = await window.when(/A Mars of its own is up: http:\S+/);
  const url = /is up: (http:\/\/[^/]+)/.exec(began)?.[1] ?? "";
  const screen = await window.when(/Going on live/);
  expect(screen).toMatch(/http:\S+\/journeys\//);
  const { messages } = (await (await fetch(`${url}/api/messages?limit=1`)).json()) as { messages: object[] };
  expect(messages).toHaveLength(1);
  await window.type("C-c");
  await window.when(/code (0|130)$/m);
  expect(await fetch(url).catch(() => "gone")).toBe("gone");
});
