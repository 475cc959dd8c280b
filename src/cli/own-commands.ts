/** The commands that are more than one call of an operation. */
import { exportEvents } from "./export/export.ts";
import type { OwnCommand } from "./own-command.ts";
import { importEvents, send } from "./send/commands.ts";

export const ownCommands: readonly OwnCommand[] = [send, importEvents, exportEvents];
