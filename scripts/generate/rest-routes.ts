/** The module that has the REST call of each operation, for the page: it knows operations by their names and types alone. */
import { operations } from "../../src/api/operations.ts";
import { restCallOf } from "../../src/api/rest-call.ts";
import type { GeneratedFile } from "./generated-file.ts";

export const restRoutes: GeneratedFile = {
  path: "src/gen/rest-routes.ts",
  text() {
    const rows = operations.map((operation) => {
      const { method, path } = restCallOf(operation);
      const { body } = operation as { readonly body?: { readonly field?: string } };
      const sent = body === undefined ? "" : `, body: ${JSON.stringify(body.field ?? "")}`;
      return `  ${operation.name}: { method: "${method}", path: "${path}"${sent} },\n`;
    });
    return `/** Written by npm run generate from the table of operations. Edit that. \`body\`: the field that is the body; empty for all others. */

export const restRoutes = {
${rows.join("")}} as const;
`;
  },
};
