/** The settings of who may do what, and of how callers reach Mars. */
import type { Setting } from "./setting.ts";
import type { Config } from "./type.ts";
import { appPatterns, flag, hostNames, longSecret, optionalText, origins, publicUrl } from "./values.ts";

type AccessNames =
  | "adminKey"
  | "anonymous"
  | "tlsCert"
  | "tlsKey"
  | "tlsClientCa"
  | "tlsClientRequired"
  | "testEndpoints"
  | "publicUrl"
  | "allowedHosts"
  | "allowedOrigins"
  | "badges";

export const accessSettings: { readonly [K in AccessNames]: Setting<Config[K]> } = {
  adminKey: {
    name: "MARS_ADMIN_KEY",
    default: "",
    unit: "key",
    meaning:
      "A key of kind `ad` that needs no other to be made: any text of 32 characters or more. With it callers need a key everywhere",
    secret: true,
    parse: longSecret,
  },
  anonymous: {
    name: "MARS_ANONYMOUS",
    default: "0",
    unit: "1 or 0",
    meaning:
      "Serve callers without a key wherever Mars listens, with every right; else only on a loopback address, until there is a key",
    parse: flag,
  },
  tlsCert: {
    name: "MARS_TLS_CERT",
    default: "",
    unit: "path",
    meaning:
      "Certificate chain (PEM) with which both ports speak TLS, and nothing else; read again when it changes, within 10 s or at SIGHUP",
    parse: optionalText,
  },
  tlsKey: {
    name: "MARS_TLS_KEY",
    default: "",
    unit: "path",
    meaning: "The certificate's private key (PEM)",
    parse: optionalText,
  },
  tlsClientCa: {
    name: "MARS_TLS_CLIENT_CA",
    default: "",
    unit: "path",
    meaning:
      "Certificates (PEM) of those who issue clients' certificates: on the gRPC port such a certificate then stands for the key that has its name",
    parse: optionalText,
  },
  tlsClientRequired: {
    name: "MARS_TLS_CLIENT_REQUIRED",
    default: "0",
    unit: "1 or 0",
    meaning:
      "Whether both ports refuse the TLS handshake of a client that has no certificate of `MARS_TLS_CLIENT_CA`",
    parse: flag,
  },
  testEndpoints: {
    name: "MARS_TEST_ENDPOINTS",
    default: "0",
    unit: "1 or 0",
    meaning:
      "Whether `GET /api/create_event` and `GET /api/test_socket`, which change things by a GET, exist where callers need a key, too",
    parse: flag,
  },
  publicUrl: {
    name: "MARS_PUBLIC_URL",
    default: "",
    unit: "origin",
    meaning:
      "Where browsers find Mars if a proxy is in between, such as `https://mars.example.com`: its host is served, its pages are Mars' own, by `https:` browsers stay with it (HSTS), and alerts link to it",
    parse: publicUrl,
  },
  allowedHosts: {
    name: "MARS_ALLOWED_HOSTS",
    default: "",
    unit: "names",
    meaning:
      "Names by which clients may call Mars, beside the loopback's, that of `MARS_PUBLIC_URL` and, once callers need a key or with `MARS_ANONYMOUS=1`, `MARS_HOST`, the machine's own name and every address; requests to another are refused (421). Separated by commas, without ports; `*` for any",
    parse: hostNames,
  },
  allowedOrigins: {
    name: "MARS_ALLOWED_ORIGINS",
    default: "",
    unit: "origins",
    meaning:
      "Origins beside Mars' own whose pages may read (CORS), change things and open WebSockets, separated by commas; `*` for any",
    parse: origins,
  },
  badges: {
    name: "MARS_BADGES",
    default: "",
    unit: "apps",
    meaning:
      "Apps whose badge, `GET /badge/{app}.svg`, anyone who reaches Mars may see without a key: `shop`, `shop-*` or `*`, separated by commas",
    parse: appPatterns,
  },
};
