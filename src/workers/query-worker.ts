/** The thread of the reader: no query can hold up a write. */
import { stepBack } from "./priority.ts";
import { createQueryService } from "./query-service.ts";
import { serveThread } from "./thread.ts";

stepBack();
serveThread(createQueryService);
