/**
 * The page on a wall: `?kiosk` has no controls and large figures, and `?kiosk=overview,stuck,flow` goes from one of these screens to the
 * next, every 20 s or as `every=45s` says. Other parameters, such as the app, hold for all of them.
 */
import { computed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { now } from "../data/clock.ts";
import { go, path, query, to } from "../data/route.ts";
import { clockText } from "../data/text.ts";
import { screens } from "./screens.ts";

const everyDefaultMs = 20_000;
const everyMinMs = 5_000;

export const kiosk = computed(() => query.value.has("kiosk"));

/** The paths of the screens that are named. */
const round = computed(() =>
  (query.value.get("kiosk") ?? "").split(",").flatMap((name) => {
    const wanted = name.trim() === "overview" ? "/" : `/${name.trim()}`;
    return screens.some((screen) => screen.path === wanted) ? [wanted] : [];
  }),
);

function everyMs(): number {
  const seconds = Number.parseInt(query.value.get("every") ?? "", 10);
  return Number.isNaN(seconds) ? everyDefaultMs : Math.max(everyMinMs, seconds * 1_000);
}

/** What a wall shows at the top: the time, so that a page that stands still is noticed. */
export function KioskClock() {
  useEffect(rotate, [round.value.join(), everyMs()]);
  useEffect(stayAwake, []);
  return <time class="wall-clock">{clockText(now.value)}</time>;
}

function rotate(): (() => void) | undefined {
  const paths = round.peek();
  if (paths.length < 2) return undefined;
  const next = () => {
    const at = paths.indexOf(path.peek());
    // No step of its own: a wall that turns for days has no history to go back in.
    go(to(paths[(at + 1) % paths.length]!, Object.fromEntries(query.peek())), { replace: true });
  };
  if (!paths.includes(path.peek())) next();
  const timer = setInterval(next, everyMs());
  return () => clearInterval(timer);
}

/** Keeps the screen on, where the browser can: it lets go of the lock whenever the page is hidden. */
function stayAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  const take = () => {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    navigator.wakeLock.request("screen").then(
      (taken) => {
        lock = taken;
      },
      // Refused where the battery is low, and without TLS beyond loopback: the wall's own settings hold.
      () => undefined,
    );
  };
  take();
  document.addEventListener("visibilitychange", take);
  return () => {
    document.removeEventListener("visibilitychange", take);
    void lock?.release();
  };
}
