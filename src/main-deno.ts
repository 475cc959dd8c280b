/** Mars on Deno: the same core behind another server. Run by `npm run start:deno`. */
import { runCommand } from "./command.ts";
import { denoLimits, startDenoServer } from "./edge/http/deno-server.ts";

await runCommand({ listen: startDenoServer, lacks: denoLimits });
