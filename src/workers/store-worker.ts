/** The thread of the store: the only writer of the database of messages. */
import { stepBack } from "./priority.ts";
import { createStoreService } from "./store-service.ts";
import { serveThread } from "./thread.ts";

stepBack();
serveThread(createStoreService);
