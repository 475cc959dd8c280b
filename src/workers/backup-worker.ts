/** The thread of one backup, which takes seconds a gigabyte. No other call waits for it. */
import { createBackupService } from "./backup-service.ts";
import { lowerPriority } from "./priority.ts";
import { serveThread } from "./thread.ts";

lowerPriority();
serveThread(createBackupService);
