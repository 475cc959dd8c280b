/** The thread of one run that learns a lifecycle or tries one: seconds of work, which nobody else waits for. */
import { stepBack } from "./priority.ts";
import { serveThread } from "./thread.ts";
import { createTrialPart } from "./trial-part.ts";

stepBack();
serveThread(createTrialPart);
