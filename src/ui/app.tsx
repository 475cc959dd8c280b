/** The page: its frame, and the screen of the address. Screens that need much are loaded when they are first shown. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { account, askDoor, door, doorFault } from "./data/account.ts";
import { sessionOver } from "./data/call.ts";
import { readFirst } from "./data/first-read.ts";
import { followLinks, path } from "./data/route.ts";
import { countText } from "./data/text.ts";
import { AccountMenu, OpenWarning } from "./frame/account.tsx";
import { DemoBar } from "./frame/demo-bar.tsx";
import { Help } from "./frame/help.tsx";
import { listenToKeys, open } from "./frame/keys.tsx";
import { KioskClock, kiosk } from "./frame/kiosk.tsx";
import { LiveLight } from "./frame/light.tsx";
import { Nav } from "./frame/nav.tsx";
import { Palette } from "./frame/palette.tsx";
import { ZoneSwitch } from "./frame/range-picker.tsx";
import { Search } from "./frame/search.tsx";
import { SignIn } from "./frame/sign-in.tsx";
import { SignInAgain } from "./frame/sign-in-again.tsx";
import { applyTheme } from "./frame/theme.ts";
import { Toasts } from "./frame/toasts.tsx";
import { Failure, Pending } from "./parts/notice.tsx";
import { Overview } from "./screens/overview/overview.tsx";

type Load = () => Promise<{ readonly default: ComponentType }>;

const screens: Readonly<Record<string, Load>> = {
  "/stuck": () => import("./screens/stuck/stuck.tsx"),
  "/messages": () => import("./screens/messages/messages.tsx"),
  "/search/event": () => import("./screens/message/sought.tsx"),
  "/tail": () => import("./screens/tail/tail.tsx"),
  "/findings": () => import("./screens/findings/findings.tsx"),
  "/flow": () => import("./screens/flow/flow.tsx"),
  "/latency": () => import("./screens/latency/latency.tsx"),
  "/lifecycles": () => import("./screens/lifecycle/lifecycles.tsx"),
  "/alerts": () => import("./screens/alerts/alerts.tsx"),
  "/sources": () => import("./screens/sources/sources.tsx"),
  "/system": () => import("./screens/system/system.tsx"),
  "/incidents": () => import("./screens/incidents/incidents.tsx"),
};

const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map([["/", Overview as ComponentType]]));
export function start(): void {
  applyTheme();
  listenToKeys();
  followLinks((to) => to === "/" || Object.hasOwn(screens, to));
  void askDoor(readFirst);
  // The rules of the language are loaded while Mars is asked.
  countText(0);
}

export function App() {
  if (door.value === undefined && doorFault.value === undefined) return null;
  if (door.value?.caller === null) return <SignIn />;
  if (account()?.kind === "in") return <SignIn reason="This key may only report events." />;
  const wall = kiosk.value;
  return (
    <div class={wall ? "frame kiosk" : "frame"}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      {!wall && <Nav />}
      <div class="side">
        <header class="top">
          {!wall && <Search />}
          <LiveLight />
          {wall ? <KioskClock /> : <ZoneSwitch />}
          {!wall && <AccountMenu />}
        </header>
        <OpenWarning />
        <DemoBar />
        <main id="main" tabIndex={-1}>
          {door.value !== undefined ? <CurrentScreen /> : <NoAnswer />}
        </main>
      </div>
      {open.value === "palette" && <Palette />}
      {open.value === "help" && <Help />}
      <Toasts />
      {sessionOver.value && <SignInAgain />}
    </div>
  );
}

/** It goes on by itself when Mars answers. */
function NoAnswer() {
  return doorFault.value === undefined ? null : <Failure error={doorFault.value} what="Mars" />;
}

function CurrentScreen() {
  const at = path.value;
  const Screen = loaded.value.get(at);
  useEffect(() => {
    const load = screens[at];
    if (load === undefined || loaded.peek().has(at)) return;
    void load().then((module) => {
      loaded.value = new Map([...loaded.peek(), [at, module.default]]);
    }, loadAgain);
  }, [at]);
  if (Screen !== undefined) return <Screen />;
  if (screens[at] === undefined) return <p class="failure">There is no such page.</p>;
  return unloadable.value ? (
    <p class="failure">This screen cannot be loaded. Trying again.</p>
  ) : (
    <Pending what="the screen" />
  );
}

/** Whether a screen's file has not come. */
const unloadable = signal(false);
const reloadedKey = "mars.reloaded";
const reloadEveryMs = 10_000;

/** Mars was away, or is upgraded and has other files now. A file that did not come is never asked for again, but by a new page. */
async function loadAgain(): Promise<void> {
  unloadable.value = true;
  await askDoor();
  const waitMs = Number(sessionStorage.getItem(reloadedKey) ?? 0) + reloadEveryMs - Date.now();
  setTimeout(
    () => {
      sessionStorage.setItem(reloadedKey, String(Date.now()));
      location.reload();
    },
    Math.max(0, waitMs),
  );
}
