/** The thread of the store: the only writer of the database of messages. */
import { stepBack } from "./priority.ts";
import { createStorePart } from "./store-part.ts";
import { serveThread } from "./thread.ts";

stepBack();
serveThread(createStorePart);
