/** A headless Chromium, driven over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/ */

const startWithinMs = 20_000;
const readyWithinMs = 20_000;

export interface View {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  /** A CSS selector that matches once the page is complete. */
  readonly ready: string;
}

export interface Browser {
  /** @returns the PNG of a page */
  shoot(view: View): Promise<Uint8Array>;
  /** Opens a page and resolves when the expression holds in it; rejects when that takes too long. */
  visit(url: string, ready: string): Promise<void>;
  /** The value of an expression in the open page, of its promise where it is one. It must be JSON. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** The errors and warnings of the console since the last call. */
  complaints(): readonly string[];
  close(): Promise<void>;
}

export interface BrowserOptions {
  /** An empty directory of its own. */
  readonly profileDir: string;
  /** Chromium's rules for host names, such as `MAP *.test 127.0.0.1`. */
  readonly hostRules?: string;
}

/** The browser's command: `CHROMIUM`, else `chromium` where that is installed. */
export function findBrowser(): string | undefined {
  return process.env.CHROMIUM ?? Bun.which("chromium") ?? undefined;
}

export async function openBrowser(
  command: string,
  { profileDir, hostRules }: BrowserOptions,
): Promise<Browser> {
  const child = Bun.spawn(
    [
      command,
      "--headless",
      // Root has no sandbox; the only page is our own.
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--remote-debugging-port=0",
      `--user-data-dir=${profileDir}`,
      ...(hostRules === undefined ? [] : [`--host-resolver-rules=${hostRules}`]),
      "about:blank",
    ],
    { env: { ...process.env, TZ: "UTC" }, stdout: "ignore", stderr: "pipe" },
  );
  const endpoint = await endpointOf(child.stderr);
  const pages = (await (await fetch(`http://${endpoint.host}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const complaints: string[] = [];
  const call = await connect(pages[0]!.webSocketDebuggerUrl, (method, params) => {
    const complaint = complaintOf(method, params);
    if (complaint !== undefined) complaints.push(complaint);
  });
  for (const domain of ["Log", "Page", "Runtime"]) await call(`${domain}.enable`, {});

  async function evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await call<Evaluated<Value>>("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result.value;
  }

  async function visit(url: string, ready: string): Promise<void> {
    await call("Page.navigate", { url });
    for (const until = Date.now() + readyWithinMs; ; ) {
      if (await evaluate<boolean>(ready)) return;
      if (Date.now() > until) throw new Error(`${url} never came to ${ready}`);
      await Bun.sleep(50);
    }
  }

  return {
    visit,
    evaluate,
    complaints: () => complaints.splice(0),
    async shoot({ url, width, height, dark, ready }) {
      const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
      await call("Emulation.setEmulatedMedia", { features });
      await call("Emulation.setDeviceMetricsOverride", {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: false,
      });
      await visit(url, `document.querySelector(${JSON.stringify(ready)}) !== null`);
      const { data } = await call<{ data: string }>("Page.captureScreenshot", { format: "png" });
      return Buffer.from(data, "base64");
    },
    async close() {
      child.kill();
      await child.exited;
    },
  };
}

async function endpointOf(stderr: ReadableStream<Uint8Array>): Promise<URL> {
  const decoder = new TextDecoder();
  const until = Date.now() + startWithinMs;
  let text = "";
  for await (const chunk of stderr) {
    text += decoder.decode(chunk, { stream: true });
    const [, url] = /DevTools listening on (ws:\S+)/.exec(text) ?? [];
    if (url !== undefined) return new URL(url);
    if (Date.now() > until) break;
  }
  throw new Error(`no browser: ${text.slice(-1_000)}`);
}

type Call = <Result>(method: string, params: object) => Promise<Result>;

interface Evaluated<Value> {
  readonly result: { readonly value: Value };
  readonly exceptionDetails?: { readonly text: string };
}

/** The members that are read here of the events of `Log` and `Runtime`. */
interface EventParams {
  readonly entry?: { readonly level: string; readonly text: string; readonly url?: string };
  readonly type?: string;
  readonly args?: readonly { readonly value?: unknown }[];
  readonly exceptionDetails?: { readonly text: string };
}

function complaintOf(
  method: string,
  { entry, type, args, exceptionDetails }: EventParams,
): string | undefined {
  if (exceptionDetails !== undefined) return exceptionDetails.text;
  if (entry !== undefined)
    return /error|warning/.test(entry.level) ? `${entry.text} ${entry.url}` : undefined;
  const isCall = method === "Runtime.consoleAPICalled" && /error|warning|assert/.test(type ?? "");
  return isCall ? JSON.stringify(args?.map(({ value }) => value)) : undefined;
}

async function connect(url: string, onEvent: (method: string, params: EventParams) => void): Promise<Call> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, PromiseWithResolvers<never>>();
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`no connection to ${url}`));
  });
  socket.onmessage = ({ data }) => {
    const { id, result, error, method, params } = JSON.parse(String(data));
    if (id === undefined) return onEvent(method, params);
    const call = waiting.get(id);
    waiting.delete(id);
    if (error !== undefined) call?.reject(new Error(error.message));
    else call?.resolve(result as never);
  };
  let calls = 0;
  return (method, params) => {
    const call = Promise.withResolvers<never>();
    calls += 1;
    waiting.set(calls, call);
    socket.send(JSON.stringify({ id: calls, method, params }));
    return call.promise;
  };
}
