/** Group commit over a journal in memory that fails as it is asked to. */
import { expect, test } from "bun:test";
import { type ChangeRecord, changeRecord } from "../../src/core/change-record.ts";
import { MarsError } from "../../src/core/error.ts";
import type { MarsEvent } from "../../src/core/event.ts";
import type { AppendOptions, Journal, SeqRange } from "../../src/core/journal.ts";
import { type Commit, GroupCommit } from "../../src/ingest/group-commit.ts";
import { createLog } from "../../src/runtime/log.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { event } from "../support/store.ts";
import { until } from "../support/until.ts";

class JournalModel implements Pick<Journal, "append" | "appendChange" | "probe" | "refusal"> {
  nextSeq = 1;
  /** Each commit's events. */
  readonly commits: (readonly MarsEvent[])[] = [];
  /** Why the next commit of so many events is refused. */
  fault: (count: number, options: AppendOptions) => MarsError | undefined = () => undefined;
  full: MarsError | undefined;
  probes = 0;
  /** The disk, which writes when it is opened. */
  gate: Promise<void> = Promise.resolve();

  async append(events: readonly MarsEvent[], options: AppendOptions = {}): Promise<SeqRange> {
    await this.gate;
    const fault = this.fault(events.length, options);
    if (fault !== undefined) throw fault;
    this.commits.push(events);
    const first = this.nextSeq;
    this.nextSeq += events.length;
    return { first, last: this.nextSeq - 1 };
  }

  readonly changes: ChangeRecord[] = [];

  async appendChange(change: ChangeRecord): Promise<SeqRange> {
    const { first, last } = await this.append([event(1)]);
    this.commits.pop();
    this.changes.push(change);
    return { first, last };
  }

  async probe(): Promise<void> {
    this.probes += 1;
    const fault = this.fault(0, {});
    if (fault !== undefined) throw fault;
  }

  refusal(): MarsError | undefined {
    return this.full;
  }
}

function start() {
  const journal = new JournalModel();
  const committed: Commit[] = [];
  const refused: number[] = [];
  const supervisor = new Supervisor({ log: createLog("error", () => undefined) });
  // The loop is there before it is asked for, so probes follow each other at once.
  supervisor.loop("journal", { firstMs: 1, lastMs: 1 });
  const commit = new GroupCommit({
    collectors: 10,
    journal,
    supervisor,
    committed: (one) => committed.push(one),
    refused: (_, events) => refused.push(events.length),
  });
  commit.start(0);
  return { journal, commit, committed, refused };
}

function events(count: number, messageId = "m"): MarsEvent[] {
  return Array.from({ length: count }, (_, n) => event(n, { messageId }));
}

const unavailable = () => new MarsError("unavailable", "the journal cannot be written");

test("calls that come while the journal writes are one commit, and each gets its own last seq", async () => {
  const { journal, commit, committed } = start();
  const disk = Promise.withResolvers<void>();
  journal.gate = disk.promise;
  const first = commit.accept(events(2));
  await new Promise(setImmediate);
  const others = [commit.accept(events(3)), commit.accept(events(1)), commit.barrier()];
  expect(commit.waiting.reduce((sum, n) => sum + n, 0)).toBe(6);
  disk.resolve();
  expect([await first, ...(await Promise.all(others))]).toEqual([2, 5, 6, 6]);
  expect(journal.commits.map((one) => one.length)).toEqual([2, 4]);
  expect(committed.map(({ first: from, last, partition }) => [from, last, partition.length])).toEqual([
    [1, 2, 2],
    [3, 6, 4],
  ]);
  expect([commit.lastSeq, commit.totals.accepted]).toEqual([6, 6]);
  expect(commit.waiting).toEqual(Array(10).fill(0));
});

test("a journal that cannot be written refuses all calls of the commit, is unready, and is tried until it can", async () => {
  const { journal, commit, refused } = start();
  journal.fault = unavailable;
  const calls = await Promise.allSettled([commit.accept(events(2)), commit.accept(events(1))]);
  expect(calls.map((call) => (call.status === "rejected" ? (call.reason as MarsError).code : ""))).toEqual([
    "unavailable",
    "unavailable",
  ]);
  expect(commit.refusal).toBe("the journal cannot be written");
  expect([commit.totals, refused]).toEqual([{ accepted: 0, refused: 3 }, [2, 1]]);
  await until(() => journal.probes > 2);
  journal.fault = () => undefined;
  await until(() => commit.refusal === "");
  expect(await commit.accept(events(1))).toBe(1);
  await commit.close();
});

test("where there is no room for a commit each of its calls is tried alone, and may pass the bound", async () => {
  const { journal, commit } = start();
  const asked: [number, boolean][] = [];
  journal.fault = (count, { passBound = false }) => {
    asked.push([count, passBound]);
    return count === 3 ? undefined : new MarsError("overloaded", "the journal is full");
  };
  const calls = await Promise.allSettled([commit.accept(events(5)), commit.accept(events(3))]);
  expect(calls.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect(asked).toEqual([
    [8, false],
    [5, true],
    [3, true],
  ]);
  // Full, and not failing.
  expect(commit.refusal).toBe("");
});

test("an event that cannot be written to any disk costs no other call its answer", async () => {
  const { journal, commit } = start();
  const append = journal.append.bind(journal);
  journal.append = async (given, options) => {
    if (given.some(({ messageId }) => messageId === "bad")) throw new Error("out of strings");
    return append(given, options);
  };
  const calls = [commit.accept(events(1)), commit.accept(events(1, "bad")), commit.accept(events(1))];
  const settled = await Promise.allSettled(calls);
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  await expect(calls[1]!).rejects.toMatchObject({ code: "internal" });
  expect(commit.refusal).toBe("");
});

test("nothing is accepted before the start, while it is blocked or full, and after the end; what was admitted has its answer", async () => {
  const { journal, commit } = start();
  commit.block("a file is gone");
  await expect(commit.accept(events(1))).rejects.toThrow("a file is gone");
  commit.block("");
  journal.full = new MarsError("overloaded", "the journal is full");
  expect(() => commit.admit(1)).toThrow("the journal is full");
  expect(commit.refusal).toBe("the journal is full");
  journal.full = undefined;
  const disk = Promise.withResolvers<void>();
  journal.gate = disk.promise;
  const admitted = commit.accept(events(1));
  const closed = commit.close();
  await expect(commit.accept(events(1))).rejects.toMatchObject({ code: "draining" });
  disk.resolve();
  await closed;
  expect(await admitted).toBe(1);
});

test("a change is a commit of its own, in its place among the events, and has a seq before it can be made", async () => {
  const { journal, commit, committed } = start();
  const gate = Promise.withResolvers<void>();
  journal.gate = gate.promise;
  const change = changeRecord("deleteView", ["key:a", "mine"]);
  const order: string[] = [];
  const first = commit.accept([event(1), event(2)]).then(() => order.push("events"));
  const made = commit.change(change, (seq) => order.push(`seq ${seq}, ${committed.length} commits`));
  const last = commit.accept([event(3)]);
  gate.resolve();
  await Promise.all([first, made, last]);
  expect(order).toEqual(["events", "seq 3, 2 commits"]);
  expect(committed.map((one) => [one.first, one.last, one.events.length, one.change])).toEqual([
    [1, 2, 2, undefined],
    [3, 3, 0, change],
    [4, 4, 1, undefined],
  ]);
  expect(journal.changes).toEqual([change]);
});

test("a change is refused as events are, but has room of its own, and then it is on no disk", async () => {
  const { journal, commit } = start();
  const change = changeRecord("deleteView", ["key:a", "mine"]);
  const never = () => expect.unreachable();
  // Full for events, the journal says for itself whether a change has room.
  journal.full = new MarsError("overloaded", "the journal is full");
  journal.fault = () => journal.full;
  await expect(commit.change(change, never)).rejects.toMatchObject({ code: "overloaded" });
  journal.fault = () => undefined;
  await commit.change(change, (seq) => expect(seq).toBe(1));
  expect(journal.changes.splice(0)).toEqual([change]);
  journal.full = undefined;
  journal.fault = () => new MarsError("unavailable", "the disk fails");
  await expect(commit.change(change, never)).rejects.toMatchObject({ code: "unavailable" });
  expect(journal.changes).toEqual([]);
  await commit.close();
  await expect(commit.change(change, never)).rejects.toMatchObject({ code: "draining" });
});
