/** The chart: what helm says of it, what it makes of values, and that Mars starts with the environment of its pod. */
import { run } from "../../scripts/release/command.ts";
import { startAs } from "./start.ts";

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: PodOwner;
}

interface PodOwner {
  readonly template: {
    readonly spec: { readonly containers: readonly [{ readonly env: readonly Variable[] }] };
  };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
}

const chart = "deploy/helm/mars";
const adminKey = "0123456789abcdef0123456789abcdef";
const least = [`adminKey=${adminKey}`];
const everything = [
  ...least,
  "publicUrl=https://mars.example.com",
  "settings.MARS_RETENTION=30d",
  "allowedHosts={events.example.com}",
  "ingress.enabled=true",
  "ingress.host=mars.example.com",
  "ingress.tlsSecret=tls",
  "serviceMonitor.enabled=true",
  "serviceMonitor.keySecret=prometheus",
  "podDisruptionBudget.enabled=true",
];
const refused: readonly (readonly [values: readonly string[], word: string])[] = [
  [[], "adminKey or existingSecret is needed"],
  [["adminKey=short"], "/adminKey"],
  [[...least, "replicas=3"], "replicas"],
  [[...least, "settings.MARS_ADMIN_KEY=x"], "MARS_ADMIN_KEY"],
  [[...least, "serviceMonitor.enabled=true"], "serviceMonitor.keySecret is needed"],
];

/** @throws where something of it is not so */
export async function checkChart(binary: string, work: string): Promise<string> {
  run(["helm", "lint", "--strict", chart, ...set(everything)]);
  const kinds = template(everything).map(({ kind }) => kind);
  const expected = ["Ingress", "PodDisruptionBudget", "Secret", "Service", "ServiceMonitor", "StatefulSet"];
  if (kinds.sort().join() !== expected.join()) throw new Error(`it makes ${kinds}`);
  for (const [values, word] of refused) {
    const said = refusalOf(values);
    if (!said.includes(word)) throw new Error(`${values} is refused with ${said}`);
  }
  for (const values of [least, everything]) {
    const [container] = podOf(template(values)).containers;
    const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value ?? adminKey]));
    const hosts = ["10.1.2.3:4000", "prod-mars.ops:4000", "prod-mars.ops.svc.cluster.local:4000"];
    await startAs({ binary, work, env, hosts });
  }
  return `${expected.length} kinds, ${refused.length} refusals; Mars starts with what its pod is given`;
}

function template(values: readonly string[]): Manifest[] {
  const text = run(commandOf(values));
  return text
    .split(/^---$/m)
    .filter((part) => part.trim() !== "")
    .map((part) => Bun.YAML.parse(part) as Manifest);
}

function refusalOf(values: readonly string[]): string {
  try {
    run(commandOf(values));
  } catch (thrown) {
    return String(thrown);
  }
  throw new Error(`${values} is taken`);
}

function commandOf(values: readonly string[]): string[] {
  // A helm that is built from source takes the cluster for an old one.
  return ["helm", "template", "prod", chart, "--namespace=ops", "--kube-version=1.31.0", ...set(values)];
}

function set(values: readonly string[]): string[] {
  return values.map((value) => `--set=${value}`);
}

function podOf(manifests: readonly Manifest[]) {
  const owner = manifests.find(({ kind }) => kind === "StatefulSet")?.spec;
  if (owner === undefined) throw new Error("there is no StatefulSet");
  return owner.template.spec;
}
