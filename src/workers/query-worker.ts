/** The thread of the reader: no question can hold up a write. */
import { stepBack } from "./priority.ts";
import { createQueryPart } from "./query-part.ts";
import { serveThread } from "./thread.ts";

stepBack();
serveThread(createQueryPart);
