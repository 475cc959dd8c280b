/** `mars apply -f mars.yaml`: has a running Mars do what a file declares, and says what that changes. */
import type { Operation } from "../api/operation.ts";
import { parseConfigFile } from "../config/config-file.ts";
import { readDeclarations } from "../declared/declaration.ts";
import { type Ask, type Json, Refused } from "../declared/kind.ts";
import { applyPlan, type Change, NotApplied, planOf } from "../declared/plan.ts";
import type { Arguments } from "./arguments.ts";
import { call } from "./call.ts";
import { harmless } from "./cell.ts";
import { exitCode } from "./exit-code.ts";
import { frontFlags, type GeneralFlag } from "./front-flags.ts";
import { readGiven } from "./given-file.ts";
import type { OwnCommand } from "./own-command.ts";
import { requestOf } from "./request.ts";
import type { Session } from "./session.ts";

const flags: readonly GeneralFlag[] = [
  { names: ["--file", "-f"], value: "file", meaning: "The file, or - for stdin. Required" },
  {
    names: ["--prune"],
    meaning: "Remove what the file once declared and has no more; the file needs a name",
  },
  { names: ["--dry-run"], meaning: "Print what would change, and change nothing" },
  {
    names: ["--fail"],
    meaning: "Exit code 1 if there is anything to change: for scripts that must stop then",
  },
];

const signs = { create: "+", change: "~", remove: "-" } as const;

export const apply: OwnCommand = {
  command: "apply",
  usage: "-f <file>",
  summary:
    "Has Mars do what a file declares: its sinks, rules, calendars, lifecycles, retention, attributes, views, collectors and keys. What the file does not name is left alone; what it has as null is removed, and with --prune what it once declared.",
  grammar: { flags: [], general: [...flags, ...frontFlags] },
  problems: ({ general }) => (general.get("--file") ? [] : ["--file is missing: a file, or - for stdin"]),
  async run({ general }, session) {
    const { host, json } = session;
    const read = await declaredIn(general.get("--file") ?? "", session);
    if ("problems" in read) return refuse(read.problems, exitCode.usage, session);
    const declared = { ...read, prune: read.prune || general.has("--prune") };
    if (declared.prune && declared.name === undefined)
      return refuse(["--prune needs a name: in the file, see docs/config.md"], exitCode.usage, session);
    const ask = askOver(session);
    const dry = general.has("--dry-run");
    try {
      const plan = await planOf(declared, ask);
      if (plan.problems.length > 0) return refuse(plan.problems, exitCode.failed, session);
      if (!dry) await applyPlan(plan, ask);
      if (plan.left.length > 0)
        host.complain(`${harmless(plan.left.join(", "))}: once declared, and no longer; --prune removes it`);
      const changes = plan.changes.map(({ declaration: _, ...change }) => change);
      const secrets = plan.secrets.map(({ kind, id }) => ({ kind: kind.name, id }));
      const answer = { applied: !dry, changes, secrets };
      host.print(json ? `${JSON.stringify(answer)}\n` : textOf(answer));
      return general.has("--fail") && changes.length > 0 ? exitCode.failed : exitCode.done;
    } catch (error) {
      const cause = error instanceof NotApplied ? error.cause : error;
      if (!(cause instanceof Refused)) throw error;
      const place = error instanceof NotApplied ? [`${error.message} is not applied, nor what follows`] : [];
      return refuse([...place, ...cause.sentences], exitCode.failed, session);
    }
  },
};

async function declaredIn(path: Arguments["others"][number], { host }: Session) {
  const given = await readGiven(path, "--file", host);
  if ("problem" in given) return { problems: [given.problem] };
  const parsed = await parseConfigFile(path === "-" ? "stdin" : path, given.text);
  if (!parsed.ok) return { problems: parsed.problems };
  if (parsed.file.settings.size > 0)
    host.complain("the settings of the file are not applied: they are those of the Mars that starts with it");
  const { problems, ...declared } = readDeclarations(parsed.file, host);
  return problems.length > 0 ? { problems } : declared;
}

function askOver({ client, agent }: Session): Ask {
  return async (operation, input) => {
    const answer = await call(client, requestOf(operation, input, bodyOf(operation, input)), agent);
    if (answer.ok) return answer.value as Json;
    const { status } = (answer.value ?? {}) as { readonly status?: unknown };
    if (status === 404) return undefined;
    throw new Refused(answer.sentences, status === 403);
  };
}

/** Of a body that is one field; others are made from their fields. */
function bodyOf({ body }: Operation, input: Json): string | undefined {
  return body?.field === undefined ? undefined : JSON.stringify(input[body.field]);
}

interface Applied {
  readonly applied: boolean;
  readonly changes: readonly Change[];
  /** Whose secrets the caller's key may not compare. */
  readonly secrets: readonly Pick<Change, "kind" | "id">[];
}

function textOf({ applied, changes, secrets }: Applied): string {
  const lines = changes.flatMap(({ action, kind, id, differences }) => [
    `${signs[action]} ${kind} ${id}`,
    ...differences.map(
      ({ field, from = "nothing", to = "nothing" }) =>
        `    ${field === "" ? "" : `${field}: `}${from} → ${to}`,
    ),
  ]);
  const set = applied ? "is set" : "would be set";
  const kept = secrets.map(
    ({ kind, id }) => `= ${kind} ${id}: this key may not compare its secret, which ${set}`,
  );
  const count = `${changes.length} ${changes.length === 1 ? "change" : "changes"}${applied ? "" : ", not applied"}.`;
  return [...[...lines, ...kept].map(harmless), changes.length === 0 ? "Nothing to change." : count, ""].join(
    "\n",
  );
}

function refuse(sentences: readonly string[], code: number, { host }: Session): number {
  for (const sentence of sentences) host.complain(harmless(sentence));
  return code;
}
