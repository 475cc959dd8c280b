/** Mars on Deno: the same core behind another server. Run by `npm run start:deno`. */
import { runCommand } from "./command.ts";

await runCommand(async () => {
  const [{ denoLimits, startDenoServer }, { listenByNode }] = await Promise.all([
    import("./edge/http/deno-server.ts"),
    import("./http2/node-transport.ts"),
  ]);
  return { servers: { http: startDenoServer, sockets: listenByNode }, lacks: denoLimits };
});
