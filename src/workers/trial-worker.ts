/** The thread of one learning or dry run, which takes seconds. No other call waits for it. */
import { lowerPriority } from "./priority.ts";
import { serveThread } from "./thread.ts";
import { createTrialService } from "./trial-service.ts";

lowerPriority();
serveThread(createTrialService);
