/** The store's thread: the only one that writes to the database. */
import { lowerPriority } from "./priority.ts";
import { createStoreService } from "./store-service.ts";
import { serveThread } from "./thread.ts";

lowerPriority();
serveThread(createStoreService);
