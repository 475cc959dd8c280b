/** A broker with a certificate of an authority of its own, which lets in only who has one of that authority too. */
import { join } from "node:path";
import { RestartedMars } from "../crash/restarted-mars.ts";
import type { CheckOptions } from "./crashes.ts";
import type { TestBroker } from "./engines/test-broker.ts";
import { Shop } from "./shop.ts";

const chunk = 50;

export async function runTls(broker: TestBroker, { directory, command }: CheckOptions): Promise<string> {
  const mars = new RestartedMars({
    dataDir: join(directory, "mars"),
    ...(command !== undefined && { command }),
    env: { MARS_LOG_LEVEL: "error" },
  });
  const shop = new Shop(mars, broker);
  const refused = async (tls: Parameters<typeof broker.url>[0]) => {
    await shop.put(broker.url(tls));
    const { last_error } = await shop.reached(({ state }) => state === "lost", "it is refused", 40_000);
    return last_error;
  };
  try {
    const other = await refused({ tls: { certificate: true, host: "127.0.0.1" } });
    const none = broker.anyClient
      ? "not asked for"
      : await refused({ tls: { certificate: false, host: "localhost" } });
    await shop.put(broker.url({ tls: { certificate: true, host: "localhost" } }));
    await shop.reached(({ state }) => state === "reading", "it reads");
    const shown = JSON.stringify(await mars.read("/api/collectors"));
    if (shown.includes("PRIVATE KEY")) throw new Error("the key is shown");
    await shop.publish(chunk);
    await shop.reached(({ messages }) => messages === chunk, "it has read");
    return `${await shop.checkStored()}; another name: ${other}; without a certificate: ${none}`;
  } finally {
    await mars.stop();
  }
}
