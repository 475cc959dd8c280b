import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Key, KeyStore } from "../../src/access/key.ts";
import { KeyRing } from "../../src/access/key-ring.ts";
import { KeysFile } from "../../src/access/keys-file.ts";
import type { Author } from "../../src/core/audit.ts";
import { MarsError } from "../../src/core/error.ts";
import { formatTime, nowMicros } from "../../src/core/time.ts";

const by: Author = { action: "test", who: "admin", name: "admin", address: "127.0.0.1", protocol: "rest" };
const wanted = { kind: "in", apps: ["shop"], name: "producer", expiresAt: 0 } as const;

/** A database of keys that can be away. */
class Keys implements KeyStore {
  readonly keys = new Map<string, Key>();
  readonly deleted: [string, string][] = [];
  away = false;

  /** What it makes later than its callers wait; absent where it is in time. */
  late: (() => void)[] | undefined;

  async readKeys(): Promise<Key[]> {
    this.#reach();
    return [...this.keys.values()];
  }

  async putKeys(keys: readonly Key[]): Promise<void> {
    this.#make(() => {
      for (const key of keys) this.keys.set(key.id, key);
    });
  }

  async deleteKey(id: string, author: Author): Promise<void> {
    this.#make(() => {
      if (this.keys.delete(id)) this.deleted.push([id, author.who]);
    });
  }

  catchUp(): void {
    const { late = [] } = this;
    this.late = undefined;
    for (const make of late) make();
  }

  #make(change: () => void): void {
    this.#reach();
    this.late?.push(change);
    if (this.late !== undefined) throw new MarsError("deadline_exceeded", "it is made later");
    change();
  }

  #reach(): void {
    if (this.away) throw new MarsError("unavailable", "the database cannot be reached");
  }
}

let directory: string;
let store: Keys;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mars-test-"));
  store = new Keys();
});
afterEach(() => rm(directory, { recursive: true }));

/** A ring as a start of Mars has it; it reads the database where that is there. */
async function open(): Promise<KeyRing> {
  const ring = new KeyRing(store, new KeysFile(directory));
  await ring.open();
  if (!store.away) await ring.load();
  return ring;
}

test("keys that end within a week are named, but for those that were made to", async () => {
  const ring = await open();
  const day = 86_400_000_000;
  const now = nowMicros();
  const make = async (days: number) =>
    (await ring.create({ ...wanted, expiresAt: now + days * day }, by)).key;
  const [{ expiresAt, id }] = [await make(30), await make(0), await make(31), await make(5)];
  await ring.create(wanted, by);
  expect(ring.warnings(now + 20 * day)).toEqual([]);
  const at = formatTime(expiresAt);
  expect(ring.warnings(now + 25 * day)).toEqual([`2 keys end within 7 days, the first is ${id}, at ${at}`]);
  expect(ring.warnings(expiresAt)).toEqual([expect.stringMatching(/^1 key ends within 7 days/)]);
});

describe("while the database is away", () => {
  test("a key can be revoked, and neither a restart nor the database brings it back", async () => {
    const first = await open();
    const { key, token } = await first.create(wanted, by);
    store.away = true;
    expect(await first.revoke(key.id, { mayBeLast: true }, by)).toEqual(key);
    expect(first.find(token)).toBeUndefined();
    const second = await open();
    expect(second.find(token)).toBeUndefined();
    store.away = false;
    await second.load();
    expect(second.find(token)).toBeUndefined();
    await second.flush();
    expect(store.deleted).toEqual([[key.id, "admin"]]);
    expect((await open()).list()).toEqual([]);
  });

  test("the database forgets a revoked key as soon as it is back", async () => {
    const ring = await open();
    const { key } = await ring.create(wanted, by);
    store.away = true;
    await ring.revoke(key.id, { mayBeLast: true }, by);
    await expect(ring.flush()).rejects.toThrow("cannot be reached");
    store.away = false;
    await ring.flush();
    expect([...store.keys]).toEqual([]);
  });

  test("a key that could not get a new text keeps the one that it has, over a restart too", async () => {
    const ring = await open();
    const { key, token } = await ring.create(wanted, by);
    store.away = true;
    await expect(ring.rotate(key.id, 0, by)).rejects.toThrow("cannot be reached");
    await expect(ring.create(wanted, by)).rejects.toThrow("cannot be reached");
    const second = await open();
    expect(second.find(token)).toBeDefined();
    expect(second.size).toBe(1);
  });
});

test("a copy that is damaged is named, with the way out", async () => {
  for (const text of ["{", "{}", '{"version":1,"keys":[{"id":1}]}', '{"version":1,"keys":[null]}']) {
    await writeFile(join(directory, "keys.json"), text);
    await expect(open()).rejects.toThrow("keys.json is damaged: delete it");
  }
});

describe("while the store is behind", () => {
  test("a key can be revoked", async () => {
    const ring = await open();
    const { key, token } = await ring.create(wanted, by);
    store.late = [];
    expect(await ring.revoke(key.id, { mayBeLast: true }, by)).toEqual(key);
    expect(ring.find(token)).toBeUndefined();
    store.catchUp();
    await ring.flush();
    expect(store.deleted).toEqual([[key.id, "admin"]]);
  });

  test("limits hold as soon as they are stored", async () => {
    const ring = await open();
    const { key } = await ring.create(wanted, by);
    store.late = [];
    await expect(ring.limit(key.id, { requests: 1 }, by)).rejects.toThrow("later");
    store.catchUp();
    await ring.load({ again: true });
    expect(ring.get(key.id)).toEqual({ ...key, limits: { requests: 1 } });
  });

  test("a new text that nobody was shown takes the place of none", async () => {
    const ring = await open();
    const { key, token } = await ring.create(wanted, by);
    store.late = [];
    await expect(ring.rotate(key.id, 0, by)).rejects.toThrow("later");
    await expect(ring.create(wanted, by)).rejects.toThrow("later");
    store.catchUp();
    expect(store.keys.size).toBe(2);
    await ring.load({ again: true });
    expect(ring.find(token)).toBeDefined();
    expect((await open()).list()).toMatchObject([{ id: key.id, hash: key.hash }]);
    expect(ring.size).toBe(1);
  });
});
