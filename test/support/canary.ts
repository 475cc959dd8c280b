/** A quiet client beside a storm: one event after another on a connection of its own, in a thread of its own. */

export interface CanaryReport {
  /** Milliseconds that each event took, in order of size. */
  readonly times: readonly number[];
  /** Answers other than success, by status or error. */
  readonly failures: readonly string[];
}

export interface Canary {
  /** Ends it and resolves to its result. */
  stop(): Promise<CanaryReport>;
}

const intervalMs = 10;
const timeoutMs = 30_000;

/** Starts to send. */
export function startCanary(url: string): Canary {
  const worker = new Worker(import.meta.url, { env: { CANARY_URL: url } });
  return {
    stop() {
      const { promise, resolve, reject } = Promise.withResolvers<CanaryReport>();
      worker.onmessage = ({ data }: MessageEvent<CanaryReport>) => {
        worker.terminate();
        resolve(data);
      };
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage("stop");
      return promise;
    },
  };
}

/** The value below which this share of the times is. */
export function quantile(times: readonly number[], share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}

async function run(url: string): Promise<void> {
  const times: number[] = [];
  const failures: string[] = [];
  let stopped = false;
  globalThis.addEventListener("message", () => {
    stopped = true;
  });
  for (let n = 0; !stopped; n++) {
    const start = performance.now();
    try {
      const response = await fetch(`${url}/api/event`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ app_id: "canary", message_id: `m-${n}`, event: "sung" }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.arrayBuffer();
      if (response.status !== 200) failures.push(String(response.status));
    } catch (error) {
      failures.push(String(error));
    }
    times.push(performance.now() - start);
    await Bun.sleep(intervalMs);
  }
  postMessage({ times: times.sort((a, b) => a - b), failures } satisfies CanaryReport);
}

if (!Bun.isMainThread && process.env.CANARY_URL !== undefined) await run(process.env.CANARY_URL);
