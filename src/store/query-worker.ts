/** The thread of the reader: no question can hold up a write. */
import { MessageQueries, type MessageQueriesOptions } from "./message-queries.ts";
import { stepBack } from "./priority.ts";
import { serveThread } from "./thread.ts";

stepBack();
serveThread((options: MessageQueriesOptions) => new MessageQueries(options));
