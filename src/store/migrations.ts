/** The files of `migrations/`, in order, embedded in the binary. A file that has been released is never changed. */
import store0001 from "../../migrations/store/0001_messages.sql" with { type: "text" };
import type { Migration } from "./migrate.ts";

export const storeMigrations: readonly Migration[] = [{ name: "0001_messages", sql: store0001 }];
