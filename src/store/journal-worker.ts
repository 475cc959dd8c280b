/** The thread of the journal. */
import { JournalFile } from "./journal-file.ts";
import { serveThread } from "./thread.ts";

serveThread((path: string) => new JournalFile(path));
