/**
 * Opens the segments that earlier runs have left, and finds damage. Nothing is changed where there is any, unless it has
 * been accepted: then a damaged file is set aside under another name, and its whole records are written again.
 */
import { type FileHandle, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../core/ports.ts";
import { damagedSuffix, putAside } from "../directory/whole-files.ts";
import type { MarkState } from "./journal-mark.ts";
import { headerBytes, newSalt } from "./journal-record.ts";
import { isZero, type LookAtRecord, saltOf, wholeRecords } from "./journal-scan.ts";
import { JournalSegment, unfinishedSuffix } from "./journal-segment.ts";

export interface RecoveryOptions {
  readonly directory: string;
  /** The same, open. */
  readonly handle: FileHandle;
  /** Of a segment. */
  readonly bytesMax: number;
  readonly granule: number;
  readonly mark: MarkState | undefined;
  readonly acceptLoss: boolean;
  /** Called with each record of a segment that is not damaged; what it throws ends the opening. */
  readonly look?: LookAtRecord | undefined;
  readonly log: Pick<Log, "info" | "error">;
}

interface Damage {
  /** The byte. */
  readonly at: number;
  readonly reason: string;
}

/** A file of the journal by its name, and what was found in it. */
interface Found {
  readonly path: string;
  readonly after: number;
  readonly number: number;
  segment?: JournalSegment;
  damage?: Damage;
}

const suffix = ".segment";
/** The first seq that it may hold, so that names sort as seqs do, and the segment's number. */
const named = /^(\d{16})-(\d{8})\.segment$/;

/** Of a format that was never released. */
const early = /^\d{16}\.segment$/;

/** @param after the last seq that was assigned before it */
export function segmentName(after: number, number: number): string {
  return `${String(after + 1).padStart(16, "0")}-${String(number).padStart(8, "0")}${suffix}`;
}

/**
 * @param names of the files in the directory
 * @returns oldest first; rejects, with everything closed, for damage that was not accepted
 */
export async function openSegments(
  names: readonly string[],
  options: RecoveryOptions,
): Promise<JournalSegment[]> {
  const { directory, mark, acceptLoss } = options;
  const segments = names.filter((name) => name.endsWith(suffix)).sort();
  const older = segments.find((name) => early.test(name));
  if (older !== undefined) {
    throw new Error(
      `the journal in ${directory} was written by an earlier, unreleased Mars (${older}): start with a new data directory`,
    );
  }
  const files = segments.filter((name) => named.test(name)).map((name) => foundOf(directory, name));
  const strangers = segments
    .filter((name) => !named.test(name))
    .map((name) => ({ path: join(directory, name), reason: "its name is not one of the journal's" }));
  const unfinished: string[] = [];
  for (const name of names.filter((one) => isUnfinished(one))) {
    const path = join(directory, name);
    // One that was never given its name was never written to.
    if (isZero((await readFile(path)).subarray(headerBytes))) unfinished.push(path);
    else
      strangers.push({
        path,
        reason: "it was never given its name, and yet there is more in it than a header",
      });
  }
  try {
    for (const file of files) await openFile(file, options.bytesMax);
    const id = files.find(({ segment }) => segment !== undefined)?.segment?.header.id ?? mark?.journalId;
    for (const file of files) checkHeader(file, id);
    await dropStillborn(files);
    for (const [index, file] of files.entries()) await findEnd(file, files[index + 1]?.after, options);
    const outside = [
      ...strangers.map(({ path, reason }) => placeOf(path, { at: 0, reason })),
      ...checkMark(files, options, id),
    ];
    const damaged = files.flatMap(({ path, damage }) => (damage === undefined ? [] : placeOf(path, damage)));
    if (damaged.length + outside.length > 0 && !acceptLoss)
      throw new Error(refusalOf([...damaged, ...outside]));
    for (const reason of outside) logLoss(options, reason, 0);
    for (const path of unfinished) await unlink(path);
    for (const { path } of strangers) await setAside(path, options);
    for (const [index, file] of files.entries()) {
      if (file.damage !== undefined) await replace(file, files[index + 1]?.after ?? 0, id, options);
    }
    return files.flatMap(({ segment }) => segment ?? []);
  } catch (error) {
    for (const { segment } of files) await segment?.close();
    throw error;
  }
}

function isUnfinished(name: string): boolean {
  return name.endsWith(unfinishedSuffix) && named.test(name.slice(0, -unfinishedSuffix.length));
}

function foundOf(directory: string, name: string): Found {
  const [, first, number] = named.exec(name) ?? [];
  return { path: join(directory, name), after: Number(first) - 1, number: Number(number) };
}

function refusalOf(reasons: readonly string[]): string {
  return `${reasons.join("; ")}. Nothing was changed. With --accept-journal-loss Mars goes on without what is lost, and keeps each damaged file as *${damagedSuffix}`;
}

async function openFile(file: Found, bytesMax: number): Promise<void> {
  const segment = await JournalSegment.open(file.path, bytesMax);
  if (segment === undefined) file.damage = { at: 0, reason: "its header is not as it was written" };
  else file.segment = segment;
}

function checkHeader(file: Found, id: string | undefined): void {
  const header = file.segment?.header;
  if (header === undefined) return;
  if (header.after !== file.after || header.number !== file.number)
    file.damage = { at: 0, reason: `it was renamed from ${segmentName(header.after, header.number)}` };
  else if (header.id !== id) file.damage = { at: 0, reason: `it belongs to another journal, ${header.id}` };
}

/**
 * Drops a segment that could not be made whole nor deleted, while its predecessor went on. Nothing was ever written to it,
 * and its header is wrong about where the predecessor ends.
 */
async function dropStillborn(files: Found[]): Promise<void> {
  for (let index = files.length - 1; index > 0; index--) {
    const [before, file, next] = [files[index - 1]!, files[index]!, files[index + 1]];
    if (before.segment === undefined || file.segment === undefined || file.damage !== undefined) continue;
    const { rest, events } = await file.segment.findEnd(next?.after);
    if (rest > 0 || events > 0 || file.segment.header.upTo > 0) continue;
    const { lastSeq } = await before.segment.findEnd(next?.after);
    if (lastSeq <= file.after) continue;
    await file.segment.close();
    await unlink(file.path);
    files.splice(index, 1);
  }
}

async function findEnd(file: Found, next: number | undefined, { look, log }: RecoveryOptions): Promise<void> {
  if (file.segment === undefined || file.damage !== undefined) return;
  const { end, rest, damage } = await file.segment.findEnd(next, look);
  if (damage !== "") file.damage = { at: end, reason: damage };
  else if (rest > 0 && next === undefined) {
    log.info("last journal write cut off, it was not acknowledged", {
      event: "journal_torn_write",
      file: file.path,
      byte: end,
      bytes: rest,
    });
  }
}

/** @returns each contradiction between the mark and the segments, as a sentence */
function checkMark(
  files: readonly Found[],
  { mark, directory }: RecoveryOptions,
  id: string | undefined,
): string[] {
  if (mark === undefined) return [];
  const last = files.at(-1);
  if (last === undefined) {
    const { lastSeq, first = "none", holder } = mark;
    // The mark of a run that was cut off may be behind: that run may have written more.
    if (lastSeq === 0 && (holder === undefined || first === "none")) return [];
    const reason = `it has no segments, and its mark names seq ${lastSeq} and the first segment ${first}`;
    return [placeOf(directory, { at: 0, reason })];
  }
  if (mark.journalId !== id)
    return [`the journal is damaged: ${directory} is not the one of its mark, ${mark.journalId}`];
  if (last.segment !== undefined && last.damage === undefined && last.segment.lastSeq < mark.lastSeq) {
    const { end, lastSeq } = last.segment;
    last.damage = {
      at: end,
      reason: `it ends at seq ${lastSeq}, and the journal's mark names seq ${mark.lastSeq}`,
    };
  }
  return missingFirst(files, mark).map((reason) => placeOf(join(directory, mark.first!), { at: 0, reason }));
}

/** Segments in front of the one that the mark names may be there: their deletion was cut short. */
function missingFirst(files: readonly Found[], { first = "" }: MarkState): string[] {
  const number = Number(named.exec(first)?.[2] ?? 0);
  const found = Math.min(...files.map((file) => file.number));
  if (found <= number || number === 0) return [];
  const others = found - number - 1;
  return [
    `it is not there${others === 0 ? "" : `, nor the ${others} behind it`}, and the journal's mark names it as the first segment`,
  ];
}

async function setAside(path: string, { handle }: RecoveryOptions): Promise<void> {
  await putAside(path);
  await handle.sync();
}

/** Sets a damaged file aside, and writes its whole records into another one of its name. */
async function replace(
  file: Found,
  upTo: number,
  id: string | undefined,
  options: RecoveryOptions,
): Promise<void> {
  const { handle, bytesMax, granule } = options;
  const bytes = await readFile(file.path);
  const salt = file.segment?.header.salt ?? saltOf(bytes);
  await file.segment?.close();
  delete file.segment;
  await setAside(file.path, options);
  const reason = placeOf(file.path, file.damage!);
  if (id === undefined) return logLoss(options, reason, 0);
  const { path, after, number } = file;
  const header = { salt: newSalt(), number, granule, after, upTo, id };
  const segment = await JournalSegment.create({ path, header, bytesMax }, handle);
  file.segment = segment;
  if (salt !== undefined) {
    for (const record of wholeRecords(bytes, { salt, from: 0, after })) {
      if (upTo === 0 || record.lastSeq <= upTo) await segment.append(record);
    }
  }
  logLoss(options, reason, segment.events);
}

function logLoss({ log }: RecoveryOptions, reason: string, kept: number): void {
  log.error("journal damage accepted, going on without what is lost", {
    event: "journal_loss_accepted",
    reason,
    kept_events: kept,
  });
}

function placeOf(path: string, { at, reason }: Damage): string {
  return `the journal is damaged: ${path}, at byte ${at}: ${reason}`;
}
