/** The thread of one run that learns a lifecycle or tries one: seconds of work, which nobody else waits for. */
import { stepBack } from "./priority.ts";
import { serveThread } from "./thread.ts";
import { createTrialService } from "./trial-service.ts";

stepBack();
serveThread(createTrialService);
