/** Mars on Bun: the program that `npm start` runs, and that the binary is. */
import { runCommand } from "./command.ts";

await runCommand(async () => {
  const { startBunServer } = await import("./edge/http/bun-server.ts");
  return { listen: startBunServer, lacks: [] };
});
