/**
 * Backups in a bucket of S3, or of what speaks like it. A backup is uploaded in parts, of which one is in memory, and is there when all
 * of them are. 10,000 parts are the most that S3 takes: backups of up to 160 GB.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SealCheck } from "../frames.ts";
import { encodePath, queryString, type S3Credentials, signedHeaders } from "./s3-signature.ts";
import { type BackupTarget, isBackupName } from "./target.ts";

export interface S3TargetOptions extends S3Credentials {
  /** `s3://BUCKET/PREFIX`. */
  readonly url: string;
  /** Without a slash at its end; empty for Amazon's. */
  readonly endpoint: string;
}

const partBytes = 16 * 1024 * 1024;
/** Of one request, and between its attempts: 1, 2 and 4 s. */
const timeoutMs = 120_000;
const attempts = 4;
const firstPauseMs = 1_000;
/** Pages of a list, of 1,000 names each: a bound for a server that has no end. */
const pagesMax = 100;
/** Of an answer that is no backup. */
const reasonCharsMax = 300;

export function createS3Target({ url, endpoint, ...credentials }: S3TargetOptions): BackupTarget {
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url) ?? [];
  const base = new URL(
    endpoint === "" ? `https://${bucket}.s3.${credentials.region}.amazonaws.com` : endpoint,
  );
  const keyOf = (name: string) => (prefix === "" ? name : `${prefix}/${name}`);
  const pathOf = (key: string) => encodePath(endpoint === "" ? `/${key}` : `/${bucket}/${key}`);

  async function once(
    method: string,
    key: string,
    query: Readonly<Record<string, string>>,
    body: Uint8Array,
  ) {
    const path = pathOf(key);
    const headers = signedHeaders({ method, host: base.host, path, query, body }, credentials, new Date());
    const search = queryString(query);
    const response = await fetch(`${base.origin}${path}${search === "" ? "" : `?${search}`}`, {
      method,
      headers,
      ...(body.length > 0 && { body: body as Uint8Array<ArrayBuffer> }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, etag: response.headers.get("etag") ?? "", text: await response.text() };
  }

  async function request(
    method: string,
    key: string,
    query: Readonly<Record<string, string>> = {},
    body: Uint8Array = new Uint8Array(0),
  ) {
    for (let attempt = 1; ; attempt++) {
      let failure: string;
      try {
        const answer = await once(method, key, query, body);
        if (answer.status < 300 && !answer.text.includes("<Error>")) return answer;
        failure = `${base.host} answers ${answer.status}: ${reasonOf(answer.text)}`;
        if (answer.status >= 300 && answer.status < 500 && answer.status !== 429) throw new Error(failure);
      } catch (error) {
        if (error instanceof Error && error.message.startsWith(`${base.host} answers`)) throw error;
        failure = `${base.host} was not reached: ${(error as Error).message}`;
      }
      if (attempt === attempts) throw new Error(failure);
      await sleep(firstPauseMs * 2 ** (attempt - 1));
    }
  }

  /** Of every page, what stands in the elements. */
  async function listAll(
    query: Readonly<Record<string, string>>,
    pattern: RegExp,
    next: Readonly<Record<string, string>>,
  ) {
    const found: RegExpExecArray[] = [];
    let more: Record<string, string> = {};
    for (let page = 0; page < pagesMax; page++) {
      const { text } = await request("GET", "", { ...query, ...more });
      found.push(...[...text.matchAll(pattern)]);
      if (!text.includes("<IsTruncated>true</IsTruncated>")) break;
      more = Object.fromEntries(Object.entries(next).map(([name, tag]) => [name, element(text, tag)]));
    }
    return found;
  }

  const nameOf = (key: string) => key.slice(keyOf("").length);
  /** Some servers list keys of other prefixes, too. */
  const isOwn = (key: string) => key.startsWith(keyOf("")) && isBackupName(nameOf(key));

  async function upload(name: string, id: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
    const seal = new SealCheck();
    const etags: string[] = [];
    let [bytes, waiting]: [number, Uint8Array[]] = [0, []];
    let waitingBytes = 0;
    const send = async () => {
      const query = { partNumber: String(etags.length + 1), uploadId: id };
      etags.push((await request("PUT", keyOf(name), query, Buffer.concat(waiting))).etag);
      [waiting, waitingBytes] = [[], 0];
    };
    for await (const piece of pieces) {
      seal.add(piece);
      bytes += piece.length;
      waiting.push(piece);
      waitingBytes += piece.length;
      if (waitingBytes >= partBytes) await send();
    }
    seal.end();
    if (waitingBytes > 0) await send();
    const parts = etags.map(
      (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
    await request("POST", keyOf(name), { uploadId: id }, Buffer.from(body));
    return bytes;
  }

  return {
    async list() {
      const query = { "list-type": "2", prefix: keyOf("mars-") };
      const keys = await listAll(query, /<Key>([^<]*)<\/Key>/g, {
        "continuation-token": "NextContinuationToken",
      });
      return keys
        .map(([, key]) => unescaped(key))
        .filter(isOwn)
        .map(nameOf)
        .sort();
    },
    async write(name, pieces) {
      const { text } = await request("POST", keyOf(name), { uploads: "" });
      const id = element(text, "UploadId");
      if (id === "") throw new Error(`${base.host} begins no upload: ${reasonOf(text)}`);
      try {
        return await upload(name, id, pieces);
      } catch (error) {
        // Else its parts stay, and cost; where this fails, `clean` does it.
        await request("DELETE", keyOf(name), { uploadId: id }).catch(() => undefined);
        throw error;
      }
    },
    async delete(name) {
      await request("DELETE", keyOf(name));
    },
    async clean() {
      const query = { uploads: "", prefix: keyOf("mars-") };
      const uploads = await listAll(query, /<Upload>(.*?)<\/Upload>/gs, {
        "key-marker": "NextKeyMarker",
        "upload-id-marker": "NextUploadIdMarker",
      });
      for (const [, upload = ""] of uploads) {
        const key = element(upload, "Key");
        if (isOwn(key)) await request("DELETE", key, { uploadId: element(upload, "UploadId") });
      }
    },
  };
}

/** The code and the message of an answer in XML. */
function reasonOf(text: string): string {
  const code = element(text, "Code");
  const reason = code === "" ? text : `${code}: ${element(text, "Message")}`;
  return reason.slice(0, reasonCharsMax) || "nothing";
}

/** The text of the first element of that name; empty for none. */
function element(text: string, name: string): string {
  return unescaped(new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1]);
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text = ""): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? "");
}
