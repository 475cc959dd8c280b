/** Reports numbered events by the TypeScript client and writes what was accepted and rejected; see `run.ts`. Runs on Node and on Bun. */
import { writeSync } from "node:fs";
import { Mars } from "../../clients/typescript/dist/mars.js";

const [name, first, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const say = (line) => writeSync(1, `${line}\n`);
const mars = new Mars({
  app_id: "clients",
  retryMs: 300,
  onRejected: ({ message_id, event }) => say(`rejected ${message_id} ${event}`),
});

for (let n = first; n < first + count; ) {
  try {
    mars
      .message(`${name}-${n % 50}`, { attributes: { n } })
      .event(`E_${n}${n % 17 === 0 ? " ".repeat(300) : ""}`);
    say(`accepted ${n}`);
    n++;
  } catch (error) {
    if (error.name !== "BufferError") throw error;
    say("full");
  }
  if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
}
// What an earlier process left is adopted within 5 s of silence.
if (count === 0) await new Promise((resolve) => setTimeout(resolve, 8_000));
const done = await mars.close(20_000);
say(done ? "closed" : "left");
