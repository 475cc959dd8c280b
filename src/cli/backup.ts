/** `mars backup --to FILE|-`: a backup of a running Mars, which is written while it is made. */
import { writeBackupFile } from "../backup/backup-file.ts";
import { DamagedBackup, SealCheck } from "../backup/frames.ts";
import { answerOf, exchange, unreached } from "./call.ts";
import { harmless } from "./cell.ts";
import { exitCode } from "./exit-code.ts";
import { frontFlags, type GeneralFlag } from "./front-flags.ts";
import type { Host } from "./host.ts";
import type { OwnCommand } from "./own-command.ts";

const to: GeneralFlag = {
  names: ["--to"],
  value: "file",
  meaning: "Where to write it, or - for stdout. The file has its name once all of it is on disk. Required",
};

/** How long the server may send nothing. */
const silenceMs = 60_000;

export const backup: OwnCommand = {
  command: "backup",
  usage: "--to <file>",
  summary:
    "Copies all of a running Mars into one file: database, journal and keys, at one point of the sequence.",
  grammar: { flags: [], general: [to, ...frontFlags] },
  details: `By REST: POST /api/backup
Needs leave to admin, for every app. The file has every secret that Mars keeps: guard it as its data directory.
`,
  problems: ({ general }) => (general.get("--to") ? [] : ["--to is missing: a file, or - for stdout"]),
  async run({ general }, { client, host, json, agent }) {
    const file = general.get("--to") ?? "";
    const silence = new Silence();
    try {
      const request = { method: "POST", path: "/api/backup" };
      const response = await exchange(client, request, { agent, signal: silence.signal });
      if (response.headers.get("content-type") !== "application/zstd" || response.body === null) {
        const answer = answerOf(client, response, await response.text());
        for (const sentence of answer.ok ? ["this Mars makes no backups"] : answer.sentences)
          host.complain(harmless(sentence));
        return exitCode.failed;
      }
      const pieces = silence.watch(response.body);
      const bytes = await (file === "-" ? writeOut(pieces, host) : writeBackupFile(file, pieces));
      if (file === "-") return exitCode.done;
      host.print(json ? `${JSON.stringify({ file, bytes })}\n` : `${file}: ${(bytes / 1e6).toFixed(1)} MB\n`);
      return exitCode.done;
    } catch (error) {
      const reason = error instanceof DamagedBackup ? error.message : unreached(client, error);
      host.complain(harmless(`there is no backup: ${reason}. Mars' log may have more`));
      return exitCode.failed;
    } finally {
      silence.end();
    }
  },
};

async function writeOut(pieces: AsyncIterable<Uint8Array>, host: Host): Promise<number> {
  const seal = new SealCheck();
  let bytes = 0;
  for await (const piece of pieces) {
    if (!host.printBytes(piece)) throw new DamagedBackup("the reader of stdout has gone");
    seal.add(piece);
    bytes += piece.byteLength;
  }
  seal.end();
  return bytes;
}

/** Aborts when nothing has come for too long. */
class Silence {
  readonly #controller = new AbortController();
  #timer = this.#start();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async *watch(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      clearTimeout(this.#timer);
      yield piece;
      this.#timer = this.#start();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#controller.abort(new DOMException("silence", "TimeoutError")), silenceMs);
  }
}
