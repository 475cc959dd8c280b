/** The files of `migrations/`, in order, embedded in the binary. A file that has been released is never changed. */
import journal0001 from "../../migrations/journal/0001_groups.sql" with { type: "text" };
import store0001 from "../../migrations/store/0001_messages.sql" with { type: "text" };
import type { Migration } from "./migrate.ts";

export const journalMigrations: readonly Migration[] = [{ name: "0001_groups", sql: journal0001 }];

export const storeMigrations: readonly Migration[] = [{ name: "0001_messages", sql: store0001 }];
