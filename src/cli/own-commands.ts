/** The commands that are more than one call of an operation. */
import { apply } from "./apply.ts";
import { backup } from "./backup.ts";
import { bench } from "./bench/command.ts";
import { complete, completion } from "./completion/commands.ts";
import { demo } from "./demo/command.ts";
import { exportEvents } from "./export/export.ts";
import { latency } from "./latency.ts";
import { mcp } from "./mcp.ts";
import { open } from "./open.ts";
import type { OwnCommand } from "./own-command.ts";
import { profileCommands } from "./profile/commands.ts";
import { importEvents, send } from "./send/commands.ts";
import { show } from "./show/show.ts";
import { tail } from "./tail/tail.ts";

export const ownCommands: readonly OwnCommand[] = [
  show,
  tail,
  latency,
  send,
  importEvents,
  exportEvents,
  apply,
  backup,
  mcp,
  open,
  demo,
  bench,
  ...profileCommands,
  completion,
  complete,
];
