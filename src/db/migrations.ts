/** The files of `migrations/`, in order, embedded in the binary. A file that has been released is never changed. */
import store0001 from "../../migrations/store/0001_messages.sql" with { type: "text" };
import store0002 from "../../migrations/store/0002_lifecycles.sql" with { type: "text" };
import store0003 from "../../migrations/store/0003_alerts.sql" with { type: "text" };
import store0004 from "../../migrations/store/0004_set_aside.sql" with { type: "text" };
import store0005 from "../../migrations/store/0005_retention.sql" with { type: "text" };
import store0006 from "../../migrations/store/0006_gaps.sql" with { type: "text" };
import store0007 from "../../migrations/store/0007_lease.sql" with { type: "text" };
import type { Migration } from "./migrate.ts";

export const storeMigrations: readonly Migration[] = [
  { name: "0001_messages", sql: store0001 },
  { name: "0002_lifecycles", sql: store0002 },
  { name: "0003_alerts", sql: store0003 },
  { name: "0004_set_aside", sql: store0004 },
  { name: "0005_retention", sql: store0005 },
  { name: "0006_gaps", sql: store0006 },
  { name: "0007_lease", sql: store0007 },
];
