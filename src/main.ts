/** Mars on Bun: the program that `npm start` runs, and that the binary is. */
import { runCommand } from "./command.ts";

await runCommand(async () => {
  const { bunServers } = await import("./edge/bun-servers.ts");
  return { servers: bunServers, lacks: [] };
});
