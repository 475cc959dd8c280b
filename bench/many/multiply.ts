/**
 * Makes many messages of some: copies of all rows of a stopped Mars' messages, events, instances, findings and attributes, with other
 * ids, and counts that many times as large. It takes minutes where ingest would take an hour. The copies have the times of what they
 * are copies of, so buckets and deadlines are right; of latencies only the shapes are, as histograms are left as they are.
 */
import { Database } from "bun:sqlite";

/** How a column of a copy is made from that of the original: `:id` is the distance of messages and events, `:finding` that of findings. */
const copied: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  messages: { id: "id + :id", alias: "alias + :id", message_id: ":prefix || message_id" },
  events: {
    seq: "seq + :id",
    message: "message + :id",
    external_id: "iif(external_id = '', '', :prefix || external_id)",
    parent_id: "iif(parent_id = '', '', :prefix || parent_id)",
    changed_seq: "iif(changed_seq = 0, 0, changed_seq + :id)",
  },
  instances: { message: "message + :id", run: "iif(run = 0, 0, run + :id)" },
  findings: { id: "id + :finding", message: "message + :id", seq: "seq + :finding" },
  attribute_values: { message: "message + :id" },
  children: { child: "child + :id", parent: "iif(parent = '', '', :prefix || parent)" },
};

const multiplied: Readonly<Record<string, readonly string[]>> = {
  apps: ["open", "overdue", "complete", "failed", "abandoned", "closed", "untracked", "events"],
  funnel: ["reached", "waiting", "overdue", "never"],
  rates: ["count"],
  overdue_ages: ["count", "acknowledged"],
  lifecycle_instances: ["instances"],
};

/** The prefix of the ids of a copy: sorted as the numbers of messages are, so that the index of ids grows at its end. */
export function copyPrefix(copy: number): string {
  return `${String(copy).padStart(3, "0")}-`;
}

/** @param copies up to 1,000, the original among them, whose ids get a prefix too */
export function multiply(file: string, copies: number): void {
  const db = new Database(file);
  // What fails is made anew, so nothing has to survive a crash.
  for (const pragma of [
    "journal_mode = DELETE",
    "journal_mode = OFF",
    "synchronous = OFF",
    "cache_size = -1000000",
  ]) {
    db.run(`PRAGMA ${pragma}`);
  }
  const last = (sql: string) => Number(Object.values(db.query(sql).get() as object)[0]);
  const distance = {
    id: last("SELECT max(seq) FROM positions"),
    finding: last("SELECT finding_seq FROM projection"),
  };
  const later = db
    .query("SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL")
    .all() as { type: string; name: string; sql: string }[];
  for (const { type, name } of later) db.run(`DROP ${type} ${name}`);
  for (const [table, columns] of Object.entries(copied)) {
    copyRows(db, table, columns, { copies, distance });
    process.stderr.write(`bench: ${table} copied\n`);
  }
  for (const [table, columns] of Object.entries(multiplied)) {
    db.run(`UPDATE ${table} SET ${columns.map((name) => `${name} = ${name} * ${copies}`).join(", ")}`);
  }
  db.run(`UPDATE positions SET seq = seq * ${copies}, continues_from = 0`);
  db.run(`UPDATE projection SET seq = seq * ${copies}, finding_seq = finding_seq * ${copies}`);
  db.run("UPDATE alert_cursor SET finding_seq = (SELECT finding_seq FROM projection)");
  db.run(
    "UPDATE attribute_names SET seq = (SELECT seq FROM projection), goal = (SELECT seq FROM projection)",
  );
  for (const { name, sql } of later) {
    db.run(sql);
    process.stderr.write(`bench: ${name} made\n`);
  }
  db.close();
}

interface Copying {
  readonly copies: number;
  readonly distance: Readonly<Record<"id" | "finding", number>>;
}

function copyRows(
  db: Database,
  table: string,
  columns: Readonly<Record<string, string>>,
  { copies, distance }: Copying,
): void {
  const names = (db.query(`PRAGMA table_info(${table})`).all() as { name: string }[]).map(({ name }) => name);
  db.run(`CREATE TEMP TABLE original AS SELECT * FROM ${table}`);
  db.run(`DELETE FROM ${table}`);
  for (let copy = 0; copy < copies; copy++) {
    const values = names.map((name) =>
      (columns[name] ?? name)
        .replaceAll(":id", String(copy * distance.id))
        .replaceAll(":finding", String(copy * distance.finding))
        .replaceAll(":prefix", `'${copyPrefix(copy)}'`),
    );
    db.run(
      `INSERT INTO ${table} (${names.join(", ")}) SELECT ${values.join(", ")} FROM temp.original ORDER BY 1`,
    );
  }
  db.run("DROP TABLE temp.original");
}
