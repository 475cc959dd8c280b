/** A query thread: no query delays a write. */
import { lowerPriority } from "./priority.ts";
import { createQueryService } from "./query-service.ts";
import { serveThread } from "./thread.ts";

lowerPriority();
serveThread(createQueryService);
