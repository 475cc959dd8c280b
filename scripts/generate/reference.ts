/** The tables of the reference and of the page on the command line that are generated. */
import * as z from "zod";
import type { Operation } from "../../src/api/operation.ts";
import { operations } from "../../src/api/operations.ts";
import { shapeOf } from "../../src/api/schema.ts";
import { exitCodes } from "../../src/cli/exit-code.ts";
import { ownUsageOf, usageOf } from "../../src/cli/help.ts";
import { ownCommands } from "../../src/cli/own-commands.ts";
import { clientRows } from "../../src/config/client-settings.ts";
import { rows } from "../../src/config/config.ts";
import { settingsTable } from "../../src/config/text.ts";
import { pageOf } from "./marked-part.ts";

export const reference = pageOf("docs/reference.md", [
  { name: "settings", text: () => settingsTable(rows) },
  { name: "client settings", text: () => settingsTable(clientRows) },
  { name: "operations", text: operationsTable },
  { name: "commands", text: commandsTable },
]);

export const commandLine = pageOf("docs/cli.md", [{ name: "exit codes", text: exitCodesTable }]);

function exitCodesTable(): string {
  const lines = exitCodes.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  return ["| exit code | |", "| --- | --- |", ...lines].join("\n");
}

function operationsTable(): string {
  const rows = operations.map((one) => {
    const names = parametersOf(one);
    const takes = names.length === 0 ? "" : ` Takes ${names.join(", ")}.`;
    return `| \`${one.rest}\` | \`${one.rpc.replace("mars.v1.", "")}\` | ${cell(one.summary + takes)} |`;
  });
  return ["| REST | RPC | |", "| --- | --- | --- |", ...rows].join("\n");
}

function commandsTable(): string {
  const taken = new Set(ownCommands.map(({ command }) => command));
  const shown = ownCommands.filter(({ hidden }) => hidden !== true);
  const own = shown.map((one) => `| \`${ownUsageOf(one)}\` | see [Command line](cli.md) |`);
  const others = operations.filter(({ command }) => !taken.has(command));
  const lines = others.map((one) => `| \`${usageOf(one)}\` | \`${one.rest}\` |`);
  return ["| command | as |", "| --- | --- |", ...own, ...lines].join("\n");
}

/** The fields of the input that are not in the path or deprecated, with their values where these are a closed list. */
function parametersOf({ input, rest }: Operation): string[] {
  return Object.entries(shapeOf(input))
    .filter(([name]) => !rest.includes(`{${name}}`))
    .map(([name, field]) => ({
      name,
      schema: z.toJSONSchema(field, { io: "input", unrepresentable: "any" }),
    }))
    .filter(({ schema }) => schema.deprecated !== true)
    .map(({ name, schema }) => {
      const items = schema.items;
      const values = schema.enum ?? (typeof items === "object" && "enum" in items ? items.enum : undefined);
      const words = (values ?? []).map((value) => `\`${String(value)}\``);
      return words.length === 0 ? `\`${name}\`` : `\`${name}\` (${words.join(", ")})`;
    });
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
