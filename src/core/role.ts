/** What people may do who sign in elsewhere, by what is said of them there. */
import type { KeyKind } from "./rights.ts";

export interface Role {
  /** A value of the claim, such as the name of a group; `*` for everyone who can sign in. */
  readonly value: string;
  readonly kind: KeyKind;
  /** See `AppRights`. */
  readonly apps: readonly string[];
}

/**
 * The first role of the list that a person has: so the list begins with those of most rights. Roles are not united: a person who may
 * change one app and read all others would need rights that no key has, either.
 */
export function roleOf(roles: readonly Role[], values: readonly string[]): Role | undefined {
  return roles.find(({ value }) => value === "*" || values.includes(value));
}
