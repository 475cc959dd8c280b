/** The thread of the store: the only writer of the database of messages. */
import { MessageFile, type MessageFileOptions } from "./message-file.ts";
import { stepBack } from "./priority.ts";
import { serveThread } from "./thread.ts";

stepBack();
serveThread((options: MessageFileOptions) => new MessageFile(options));
