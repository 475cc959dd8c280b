/** The operations on the record of what configuration files have declared: see `core/declared-things.ts`. */
import * as z from "zod";
import { declaredThingsMax } from "../core/declared-things.ts";
import { alertId } from "./alert-fields.ts";
import { text } from "./fields.ts";
import { operation } from "./operation.ts";

const path = "/api/declared/{name}";
const bodyBytesMax = 1024 * 1024;
const thingBytesMax = 600;

const name = alertId.meta({ description: "The `name` of the file." });

const things = z.array(text(thingBytesMax)).max(declaredThingsMax).meta({
  description: "A kind and an id each, as in the file: `rules/stuck`, `lifecycles/shop`.",
});

export const getDeclared = operation({
  name: "getDeclared",
  summary: "What the configuration file with this name has declared; nothing where there is none.",
  scope: "read",
  apps: "all",
  rest: `GET ${path}`,
  rpc: "mars.v1.AdminService/GetDeclared",
  command: "declared get",
  input: z.strictObject({ name }),
  output: z.strictObject({ things: z.array(z.string()) }),
  async handle({ reader }, { name }, caller) {
    return { things: [...(await reader(caller).declaredThings(name))] };
  },
});

export const putDeclared = operation({
  name: "putDeclared",
  summary:
    "Replace the record of what a configuration file has declared; `mars apply` does so. With prune: true that file removes what is on record and no longer in it. Keys need the scope admin.",
  scope: "write",
  apps: "all",
  rest: `PUT ${path}`,
  body: { bytesMax: bodyBytesMax },
  rpc: "mars.v1.AdminService/PutDeclared",
  command: "declared put",
  input: z.strictObject({ name, things: things.default([]) }),
  output: z.strictObject({}),
  async handle({ reader, declared, changes }, { name, things }, caller, by) {
    // The caller that applies the file next removes what is on record, perhaps with more rights.
    const known = await reader(caller).declaredThings(name);
    const keysOf = (all: readonly string[]) => all.filter((one) => one.startsWith("keys/")).sort();
    if (keysOf(known).join() !== keysOf(things).join()) caller.identity.assertMay("admin");
    await changes.run(caller, () => declared.putDeclaredThings(name, things, by));
    return {};
  },
});
