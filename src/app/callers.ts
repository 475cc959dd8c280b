/** Opens what decides who may call this Mars: its keys, the sign-in of people, the gate for hosts and pages, and the calls for tests. */
import { hostname } from "node:os";
import { Access, type AccessOptions } from "../access/access.ts";
import { Oidc } from "../access/oidc.ts";
import { SignIn } from "../access/sign-in.ts";
import type { Config } from "../config/config.ts";
import { isLoopback } from "../core/loopback.ts";
import type { Log } from "../core/ports.ts";
import { createGate } from "../edge/http/gate.ts";
import type { EdgeParts } from "../edge/parts.ts";

/** For the edge, with all of `Access`. */
export interface Callers
  extends Pick<EdgeParts, "keys" | "sessions" | "tickets" | "exposed" | "gate" | "signIn" | "testEndpoints"> {
  readonly access: Access;
}

/** To be called before anything listens. Rejects where nobody could come in. */
export async function openCallers(config: Config, store: AccessOptions["store"], log: Log): Promise<Callers> {
  const { host, dataDir, adminKey, anonymous, publicUrl, tlsCert, oidcIssuer, oidcRoles } = config;
  const loopback = isLoopback(host);
  if (!loopback && anonymous) {
    log.warn("listening beyond this machine without authentication", { event: "no_authentication", host });
  }
  const access = new Access({
    directory: dataDir,
    store,
    adminKey,
    people: oidcIssuer === "" ? undefined : { issuer: oidcIssuer, roles: oidcRoles },
    anonymous,
    loopback,
    secureOnly: publicUrl.startsWith("https:") || tlsCert !== "",
    fromOwnPage: (headers) => gate.fromOwnPage(headers),
    log,
  });
  const gate = createGate({
    ...config,
    ownNames: [host, hostname()],
    loopbackOnly: () => access.implicit,
  });
  await access.open();
  return {
    access,
    keys: access.keys,
    sessions: access.sessions,
    tickets: access.tickets,
    exposed: access.exposed,
    signIn: new SignIn({ access, oidc: oidcOf(config, log), log }),
    gate,
    testEndpoints: () => config.testEndpoints || (loopback && access.servesAnonymous),
  };
}

function oidcOf(config: Config, log: Log): Oidc | undefined {
  if (config.oidcIssuer === "") return undefined;
  return new Oidc({
    issuer: config.oidcIssuer,
    clientId: config.oidcClientId,
    clientSecret: config.oidcClientSecret,
    scopes: config.oidcScopes,
    claim: config.oidcClaim,
    publicUrl: config.publicUrl,
    log,
  });
}
