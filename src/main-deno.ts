/** Mars on Deno: the same core behind another server. Run by `npm run start:deno`. */
import { runCommand } from "./command.ts";

await runCommand(async () => {
  const { denoLimits, startDenoServer } = await import("./edge/http/deno-server.ts");
  return { listen: startDenoServer, lacks: denoLimits };
});
