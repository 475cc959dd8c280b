/** Operator, account and users of a NATS by signed tokens, as `nsc` makes them. https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt */
import { nkeys } from "@nats-io/transport-node";

type KeyPair = ReturnType<typeof nkeys.createUser>;

export interface NatsAccounts {
  /** Lines of the server's configuration. */
  readonly config: string;
  /** The text of a credentials file. @param seconds for which it holds; absent: for ever */
  credentials(name: string, seconds?: number): string;
}

const unlimited = -1;

export function createNatsAccounts(): NatsAccounts {
  const [operator, system, account] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const limits = {
    ...{ subs: unlimited, data: unlimited, payload: unlimited, conn: unlimited, leaf: unlimited },
    ...{ imports: unlimited, exports: unlimited, wildcards: true },
    ...{ mem_storage: unlimited, disk_storage: unlimited, streams: unlimited, consumer: unlimited },
  };
  const accountToken = (one: KeyPair, name: string, own: object) =>
    tokenOf(operator, one, name, { type: "account", limits: own });
  const { mem_storage: _, disk_storage: __, streams: ___, consumer: ____, ...plain } = limits;
  const config = `operator: ${tokenOf(operator, operator, "tests", { type: "operator", system_account: system.getPublicKey() })}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {
  ${system.getPublicKey()}: ${accountToken(system, "system", plain)}
  ${account.getPublicKey()}: ${accountToken(account, "shop", limits)}
}
`;
  return {
    config,
    credentials(name, seconds) {
      const user = nkeys.createUser();
      const ends = seconds === undefined ? {} : { exp: Math.floor(Date.now() / 1_000) + seconds };
      const token = tokenOf(account, user, name, { type: "user", ...userLimits }, ends);
      return `-----BEGIN NATS USER JWT-----
${token}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${new TextDecoder().decode(user.getSeed())}
------END USER NKEY SEED------
`;
    },
  };
}

const userLimits = { subs: unlimited, data: unlimited, payload: unlimited };

function tokenOf(issuer: KeyPair, subject: KeyPair, name: string, nats: object, more: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    ...{ jti: crypto.randomUUID(), iat: Math.floor(Date.now() / 1_000), name, ...more },
    ...{ iss: issuer.getPublicKey(), sub: subject.getPublicKey(), nats: { version: 2, ...nats } },
  };
  const text = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(claims)}`;
  return `${text}.${Buffer.from(issuer.sign(new TextEncoder().encode(text))).toString("base64url")}`;
}
