/** The page: its frame, and the screen of the address. Screens that need much are loaded when they are first shown. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { ApiError, signedOut } from "./data/call.ts";
import { parameter, path } from "./data/route.ts";
import { AccountMenu, OpenWarning, readAccount } from "./frame/account.tsx";
import { Help } from "./frame/help.tsx";
import { listenToKeys, open } from "./frame/keys.tsx";
import { LiveLight } from "./frame/light.tsx";
import { Nav } from "./frame/nav.tsx";
import { Palette } from "./frame/palette.tsx";
import { ZoneSwitch } from "./frame/range-picker.tsx";
import { Search } from "./frame/search.tsx";
import { SignIn } from "./frame/sign-in.tsx";
import { applyTheme } from "./frame/theme.ts";
import { Toasts } from "./frame/toasts.tsx";
import { Pending } from "./parts/notice.tsx";
import { Overview } from "./screens/overview/overview.tsx";

type Load = () => Promise<{ readonly default: ComponentType }>;

const screens: Readonly<Record<string, Load>> = {
  "/stuck": () => import("./screens/stuck.tsx"),
  "/messages": () => import("./screens/messages.tsx"),
  "/search/event": () => import("./screens/message/sought.tsx"),
  "/tail": () => import("./screens/tail.tsx"),
  "/findings": () => import("./screens/findings.tsx"),
  "/flow": () => import("./screens/flow/flow.tsx"),
  "/latency": () => import("./screens/latency/latency.tsx"),
  "/lifecycles": () => import("./screens/lifecycle/lifecycles.tsx"),
  "/alerts": () => import("./screens/alerts/alerts.tsx"),
  "/system": () => import("./screens/system/system.tsx"),
  "/incidents": () => import("./screens/incidents.tsx"),
};

const loaded = signal<ReadonlyMap<string, ComponentType>>(new Map([["/", Overview as ComponentType]]));
/** Whether the user must sign in first, and why. */
const signIn = signal<{ readonly reason?: string } | undefined>(undefined);

export function start(): void {
  applyTheme();
  listenToKeys();
  readAccount().catch((error) => {
    if (!(error instanceof ApiError)) return;
    if (error.status === 401) signIn.value = {};
    else if (error.status === 403) signIn.value = { reason: error.message };
    // Else the screen says that Mars does not answer, and goes on when it does.
  });
  signedOut.addEventListener("end", () => {
    signIn.value ??= { reason: "Your session has ended." };
  });
}

export function App() {
  if (signIn.value !== undefined) return <SignIn {...signIn.value} />;
  const kiosk = parameter("kiosk") !== undefined;
  return (
    <div class={kiosk ? "frame kiosk" : "frame"}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      {!kiosk && <Nav />}
      <div class="side">
        <header class="top">
          {!kiosk && <Search />}
          <LiveLight />
          <ZoneSwitch />
          {!kiosk && <AccountMenu />}
        </header>
        <OpenWarning />
        <main id="main" tabIndex={-1}>
          <CurrentScreen />
        </main>
      </div>
      {open.value === "palette" && <Palette />}
      {open.value === "help" && <Help />}
      <Toasts />
    </div>
  );
}

function CurrentScreen() {
  const at = path.value;
  const Screen = loaded.value.get(at);
  useEffect(() => {
    const load = screens[at];
    if (load === undefined || loaded.peek().has(at)) return;
    void load().then((module) => {
      loaded.value = new Map([...loaded.peek(), [at, module.default]]);
    });
  }, [at]);
  if (Screen !== undefined) return <Screen />;
  if (screens[at] === undefined) return <p class="failure">There is no such page.</p>;
  return <Pending what="the screen" />;
}
