/** The form of a source has a field for all that the operation takes. */
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { sourceInput, verifyInput } from "../../../../src/api/source-input.ts";
import { algorithms, encodings, otherwises, presetNames, schemes } from "../../../../src/sources/source.ts";
import {
  otherwiseTexts,
  presetTexts,
  ruleTexts,
  verifyFields,
  verifyTexts,
  verifyValues,
  withAppFrom,
  withAttributes,
} from "../../../../src/ui/screens/sources/definition.ts";

const input = sourceInput({});
/** What the form has fields for, beside the rules by their names. */
const ownFields = ["app_id", "app_from", "preset", "verify", "attributes", "otherwise", "body_bytes_max"];

test("each member of a source has a field, and each field is of a member", () => {
  const { properties } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" });
  expect([...ownFields, ...Object.keys(ruleTexts)].sort()).toEqual(Object.keys(properties ?? {}).sort());
  expect(["scheme", ...Object.keys(verifyTexts)].sort()).toEqual(Object.keys(verifyInput.shape).sort());
});

test("the values to choose from are those that there are", () => {
  expect(Object.keys(presetTexts)).toEqual([...presetNames]);
  expect(Object.keys(otherwiseTexts)).toEqual([...otherwises]);
  expect(verifyValues).toEqual({ encoding: [...encodings], algorithm: [...algorithms] });
  expect(Object.keys(verifyFields).sort()).toEqual([...schemes].sort());
});

describe("a scheme has the fields that the operation takes for it", () => {
  const samples: Readonly<Record<string, string>> = {
    overlap: "1h",
    tolerance: "1m",
    encoding: "hex",
    algorithm: "sha1",
    separator: ",",
  };
  for (const scheme of schemes) {
    test(scheme, () => {
      const all = Object.keys(verifyTexts);
      const verify = Object.fromEntries(all.map((name) => [name, samples[name] ?? "x"]));
      const definition = { app_id: "a", message_id: "body.id", event: "body.type" };
      const { error } = input.safeParse({ ...definition, verify: { ...verify, scheme } });
      const refused = (error?.issues ?? [])
        .filter(({ message }) => message.startsWith("is not for"))
        .map(({ path }) => String(path[1]));
      const { first, more } = verifyFields[scheme];
      // It comes beside a secret, once that is replaced.
      const overlap = first.includes("secret") ? ["overlap"] : [];
      expect([...first, ...more, ...overlap].sort()).toEqual(
        all.filter((name) => !refused.includes(name)).sort(),
      );
    });
  }
});

test("an app by a rule stands in place of one app, and attributes go with the last of them", () => {
  const one = { app_id: "shop", preset: "github" } as const;
  expect(withAppFrom(one, true)).toEqual({ app_from: "", preset: "github" });
  expect(withAppFrom({ app_from: "body.app" }, false)).toEqual({ app_id: "" });
  const two = withAttributes(one, [
    ["b", "body.b"],
    ["a", ""],
  ]);
  expect(JSON.stringify(two.attributes)).toBe('{"b":"body.b","a":""}');
  expect(withAttributes(two, [])).toEqual(one);
});
