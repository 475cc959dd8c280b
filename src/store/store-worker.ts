/** The thread of the store: the only writer of the database of messages. */
import { MessageFile, type MessageFileOptions } from "./message-file.ts";
import { serveThread } from "./thread.ts";

serveThread((options: MessageFileOptions) => new MessageFile(options));
