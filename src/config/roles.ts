/** The setting that gives people their rights: `admins=ad:*; shop-team=rw:shop,shop-*; *=ro:*`. */
import { appPatternProblem } from "../core/rights.ts";
import type { Role } from "../core/role.ts";
import { ValueError } from "./values.ts";

const rolesMax = 1_000;

/** Empty for none. */
export function roles(text: string): readonly Role[] {
  const parts = text
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (parts.length > rolesMax) throw new ValueError(`must be at most ${rolesMax} roles`);
  const all = parts.map(roleIn);
  if (all.slice(0, -1).some(({ value }) => value === "*")) {
    throw new ValueError(
      "must have the role of everyone (*) at the end: nobody gets one that stands after it",
    );
  }
  return all;
}

function roleIn(part: string): Role {
  // The last = before a kind: names of groups may have some, as those of LDAP do.
  const [, value = "", kind = "", patterns = ""] = /^(.+)=\s*(ro|rw|ad)\s*:(.*)$/.exec(part) ?? [];
  const apps = patterns.split(",").map((pattern) => pattern.trim());
  if (value.trim() === "" || apps.some((pattern) => appPatternProblem(pattern) !== undefined)) {
    throw new ValueError(
      "must be roles such as admins=ad:*;shop-team=rw:shop,shop-*;*=ro:*: a value of the claim, a kind (ro, rw, ad), and patterns of apps",
    );
  }
  return { value: value.trim(), kind: kind as Role["kind"], apps };
}
