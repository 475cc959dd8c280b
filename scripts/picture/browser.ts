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
  close(): Promise<void>;
}

/** @param profileDir an empty directory of its own */
export async function openBrowser(command: string, profileDir: string): Promise<Browser> {
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
      "about:blank",
    ],
    { env: { ...process.env, TZ: "UTC" }, stdout: "ignore", stderr: "pipe" },
  );
  const endpoint = await endpointOf(child.stderr);
  const pages = (await (await fetch(`http://${endpoint.host}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const call = await connect(pages[0]!.webSocketDebuggerUrl);
  return {
    async shoot({ url, width, height, dark, ready }) {
      const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
      await call("Emulation.setEmulatedMedia", { features });
      await call("Emulation.setDeviceMetricsOverride", {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: false,
      });
      await call("Page.navigate", { url });
      const expression = `document.querySelector(${JSON.stringify(ready)}) !== null`;
      for (const until = Date.now() + readyWithinMs; ; ) {
        const { result } = await call<{ result: { value: boolean } }>("Runtime.evaluate", { expression });
        if (result.value) break;
        if (Date.now() > until) throw new Error(`${url} has no ${ready}`);
        await Bun.sleep(50);
      }
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

async function connect(url: string): Promise<Call> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, PromiseWithResolvers<never>>();
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`no connection to ${url}`));
  });
  socket.onmessage = ({ data }) => {
    const { id, result, error } = JSON.parse(String(data));
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
