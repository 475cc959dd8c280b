/** A Mars of a check's own to which callers need a key. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnMars } from "../support/process.ts";
import type { Site } from "./check.ts";

export const adminKey = "an-admin-key-of-more-than-32-characters";

/** Where others would reach it. */
export const publicUrl = "http://mars.example.com";

export interface ClosedMars extends AsyncDisposable {
  readonly url: string;
  /** As an administrator. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
}

export async function openClosedMars({ command }: Pick<Site, "command">): Promise<ClosedMars> {
  const home = await mkdtemp(join(tmpdir(), "mars-browser-closed-"));
  const mars = await spawnMars({
    dataDir: join(home, "data"),
    env: {
      MARS_ADMIN_KEY: adminKey,
      MARS_BADGES: "shop",
      MARS_LOG_LEVEL: "error",
      MARS_PUBLIC_URL: publicUrl,
    },
    ...(command !== undefined && { command }),
  });
  return {
    url: mars.url,
    async call(method, path, body) {
      const response = await fetch(mars.url + path, {
        method,
        headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    async [Symbol.asyncDispose]() {
      await mars.kill("SIGTERM");
      await rm(home, { recursive: true, force: true });
    },
  };
}
