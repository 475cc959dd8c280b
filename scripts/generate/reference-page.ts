/** The reference page that Mars serves at `/docs`: every call of the OpenAPI document, as HTML without anything from elsewhere. */
import { openApiOf } from "../../src/api/openapi.ts";
import { operations } from "../../src/api/operations.ts";
import { exampleOf, rowsOf, type Schema, type SchemaRow, typeOf } from "./reference-schema.ts";

interface Call {
  readonly method: string;
  readonly path: string;
  readonly operation: Schema;
}

/** Of `/docs`: it has no data of Mars', and needs no key. */
export function referencePage(): string {
  const document: Schema = openApiOf(operations, "");
  const calls = Object.entries<Schema>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Schema>(methods).map(
      ([method, operation]): Call => ({ method: method.toUpperCase(), path, operation }),
    ),
  );
  const groups = Map.groupBy(calls, ({ operation }) => operation.tags[0] as string);
  const parts = [...groups].map(
    ([group, members]) =>
      `<div data-group><h2>${escaped(group)}</h2>${group === "Live" ? frames : ""}${members.map(sectionOf).join("")}</div>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Reference · Mars</title>
<link rel="icon" href="/ui/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/ui/reference.css">
<script type="module" src="/ui/reference.js"></script>
</head>
<body>
<header>
<h1>Mars: reference</h1>
<p>Every call of this Mars. <a href="/openapi.json">openapi.json</a> has the same for programs; <a href="/docs/index.html">the documentation</a>; <a href="/">the dashboard</a>.</p>
<p>A call sends a key as <code>Authorization: Bearer mars_…</code> where Mars asks for one. Errors are problems by RFC 9457.
An RPC is served as gRPC on port 4025, and as Connect and gRPC-Web on this one: <code>POST /{service}/{method}</code> with JSON.</p>
<search><label for="search">Search by path, name, words or RPC</label><input id="search" type="search" autocomplete="off"><p id="count" role="status"></p></search>
</header>
<main>
${parts.join("\n")}
</main>
</body>
</html>
`;
}

/** OpenAPI knows no frames. */
const frames = `<p>Topics: <code>all</code>, <code>apps/{app_id}</code>, <code>apps/{app_id}/messages/{message_id}</code>, <code>journeys/{external_id}</code>,
<code>event_timeline:{message_id}</code>; <code>findings</code> and <code>apps/{app_id}/findings</code>; <code>alerts</code> and <code>alerts/{rule}</code>.
Their segments are percent-encoded. With <code>after</code>, everything after that seq comes first; <code>recovered</code> is false where some of it can no longer be sent. With <code>"batch":true</code> in a <code>subscribe</code> items come as arrays of such frames.</p>
<h4>Server-sent events</h4>
<pre>id: 42
event: event
data: {"app_id":"shop","message_id":"order-1","event":"paid",…}</pre>
<h4>Frames of /ws</h4>
<pre>→ {"type":"subscribe","topic":t,"after":n?}   ← {"type":"subscribed","topic":t,"seq":n,"recovered":b}
                                              ← {"type":"event","topic":t,"seq":n,"event":{…}}
                                              ← {"type":"finding","topic":t,"seq":n,"finding":{…}}
→ {"type":"unsubscribe","topic":t}            ← {"type":"unsubscribed","topic":t}
→ {"type":"ping"}                             ← {"type":"pong"}
                                              ← {"type":"error","code":c,"message":m}</pre>`;

function sectionOf(call: Call): string {
  const { method, path, operation } = call;
  const { operationId, summary, description = "", parameters = [], requestBody, responses } = operation;
  const command = operation["x-mars-command"] as string | undefined;
  const words = `${method} ${path} ${operationId} ${summary} ${description} ${command ?? ""}`.toLowerCase();
  const body: Schema | undefined = requestBody?.content?.["application/json"]?.schema;
  const answer: Schema | undefined = responses[200]?.content?.["application/json"]?.schema;
  const given = parameters.map(
    ({ name, in: place, required, schema, description: own }: Schema): SchemaRow => ({
      name,
      type: `${place}: ${typeOf(schema)}`,
      required,
      description: own ?? schema.description ?? "",
    }),
  );
  return `<section id="${operationId}" data-words="${escaped(words)}">
<details><summary><h3>${method} ${escaped(path)}</h3></summary>
${description === "" ? "" : `<p>${marked(description)}</p>`}
${table("Parameters", given)}
${body === undefined ? "" : table("Body", rowsOf(body))}
<h4>By curl</h4><pre>${escaped(curlOf(call, body))}</pre>
${command === undefined ? "" : `<h4>Command</h4><pre>${escaped(command)}</pre>`}
${answer === undefined ? "" : table("Answer", rowsOf(answer))}
</details><p>${marked(summary)}</p>
</section>`;
}

function curlOf({ method, path, operation: { parameters = [] } }: Call, body: Schema | undefined): string {
  const query = parameters
    .filter(({ in: place, required }: Schema) => place === "query" && required)
    .map(({ name, schema }: Schema) => `${name}=${exampleOf(schema)}`);
  const address = `http://127.0.0.1:4000${path}${query.length === 0 ? "" : `?${query.join("&")}`}`;
  const parts = ["curl", ...(method === "GET" ? [] : [`-X ${method}`]), "-H 'Authorization: Bearer mars_…'"];
  if (body !== undefined) {
    const sent = JSON.stringify(exampleOf(body)).replaceAll("'", "'\\''");
    parts.push("-H 'Content-Type: application/json'", `-d '${sent}'`);
  }
  return [...parts, `'${address}'`].join(" ");
}

function table(title: string, rows: readonly SchemaRow[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map(
    ({ name, type, required, description }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${escaped(type)}${required ? ", required" : ""}</td><td>${marked(description)}</td></tr>`,
  );
  return `<h4>${title}</h4><table><thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>${lines.join("")}</tbody></table>`;
}

/** With `code` as such. */
function marked(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
