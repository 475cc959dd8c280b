/** Mars on Bun: the program that `npm start` runs, and that the binary is. */
import { runCommand } from "./command.ts";
import { startBunServer } from "./edge/http/bun-server.ts";

await runCommand({ listen: startBunServer, lacks: [] });
