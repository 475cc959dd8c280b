/**
 * A caller that reports far more than its limit: single events and batches, on hundreds of connections, each of which tries again
 * at once after a refusal. A process of its own: its work must not delay what another measures.
 *
 *     bun test/support/greedy-caller.ts URL TOKEN
 *
 * Prints a line when it has been refused for the first time, and at its end, by SIGTERM, what it has got.
 */
export interface GreedyFigures {
  /** Events that were accepted. */
  readonly accepted: number;
  /** Requests that were refused. */
  readonly refused: number;
  /** Events in all requests. */
  readonly tried: number;
}

const singles = 200;
const bulks = 100;
const batchEvents = 200;

if (import.meta.main) {
  const [url = "", token = ""] = process.argv.slice(2);
  const figures = { accepted: 0, refused: 0, tried: 0 };
  process.on("SIGTERM", () => {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    process.exit(0);
  });
  for (let n = 0; n < singles + bulks; n++) void report(url, token, n, figures);
}

async function report(
  url: string,
  token: string,
  client: number,
  figures: { accepted: number; refused: number; tried: number },
): Promise<never> {
  const bulk = client >= singles;
  const count = bulk ? batchEvents : 1;
  const events = Array.from({ length: count }, (_, index) => ({
    app_id: "greedy",
    message_id: `${client}-${Math.floor(index / 5)}`,
    event: `stage-${index % 5}`,
  }));
  // Made once: the caller's own work must not take the processor from what is measured.
  const body = JSON.stringify(bulk ? { events } : events[0]);
  for (;;) {
    const response = await fetch(`${url}/api/event${bulk ? "/bulk" : ""}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body,
    });
    await response.arrayBuffer();
    figures.tried += count;
    if (response.status === 200) figures.accepted += count;
    else if (response.status !== 429) throw new Error(`answered ${response.status}`);
    else if (figures.refused++ === 0) process.stdout.write("refused\n");
  }
}
