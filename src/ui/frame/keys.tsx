/** The keyboard: single letters where nobody is typing. */
import { signal } from "@preact/signals";
import { go } from "../data/route.ts";
import { screens } from "./screens.ts";

/** Which dialog of the frame is open. */
export const open = signal<"none" | "help" | "palette">("none");

let pending = "";
let pendingTimer: ReturnType<typeof setTimeout> | undefined;

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      open.value = "palette";
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (open.value !== "none" || document.querySelector("dialog[open]") !== null) return;
    if (press(event.key)) event.preventDefault();
  });
}

/** @returns whether the key means something */
function press(key: string): boolean {
  if (pending === "g") {
    pending = "";
    const screen = screens.find((one) => one.key === key);
    if (screen !== undefined) go(screen.path);
    return screen !== undefined;
  }
  if (key === "g") {
    pending = "g";
    clearTimeout(pendingTimer);
    pendingTimer = setTimeout(() => {
      pending = "";
    }, 1_500);
    return true;
  }
  if (key === "/") return focus("#query");
  if (key === "?") {
    open.value = "help";
    return true;
  }
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  if (key === "x") return pick();
  const button = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  button?.click();
  return button !== null;
}

function focus(selector: string): boolean {
  const found = document.querySelector<HTMLInputElement>(selector);
  found?.focus();
  found?.select();
  return found !== null;
}

/** Goes to the next or the previous row. */
function step(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (by === 1 ? 0 : rows.length - 1) : at + by];
  const target = next?.matches("a, button") ? next : next?.querySelector<HTMLElement>("a[href], button");
  target?.focus();
  target?.scrollIntoView({ block: "nearest" });
  return target !== undefined && target !== null;
}

function pick(): boolean {
  const row = document.activeElement?.closest("[data-row]");
  const box = row?.querySelector<HTMLInputElement>('input[type="checkbox"]');
  box?.click();
  return box !== null && box !== undefined;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type="checkbox"]), textarea, select');
}
