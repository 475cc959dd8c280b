/** The client libraries: how each is checked, and the program that reports events by it. */
import { join } from "node:path";

export interface Library {
  readonly name: string;
  /** Commands that must exit with 0. */
  readonly checks: readonly (readonly string[])[];
  /** Called with a name, the first number and how many. */
  readonly worker: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const typescript: Library = {
  name: "typescript",
  checks: [
    ["node_modules/.bin/tsc", "-p", "clients/typescript"],
    ["node", "--test", "clients/typescript/test/"],
  ],
  worker: ["node", "test/clients/worker.mjs"],
};

const python: Library = {
  name: "python",
  checks: [
    ["python3", "-m", "compileall", "-q", "clients/python/src"],
    ["python3", "-m", "unittest", "discover", "-s", "clients/python/tests"],
  ],
  worker: ["python3", "test/clients/worker.py"],
  env: { PYTHONPATH: "clients/python/src", PYTHONDONTWRITEBYTECODE: "1" },
};

// The worker is built once: `go run` would be killed instead of it.
const goWorker = join(import.meta.dir, "../../.cache/clients-worker");
const go: Library = {
  name: "go",
  checks: [
    ["sh", "-c", 'test -z "$(gofmt -l clients/go test/clients/go)"'],
    ["go", "-C", "clients/go", "vet", "./..."],
    ["go", "-C", "clients/go", "test", "-count=1", "./..."],
    ["go", "-C", "test/clients/go", "build", "-o", goWorker, "."],
  ],
  worker: [goWorker],
};

export const libraries: readonly Library[] = [
  typescript,
  { name: "typescript-bun", checks: [], worker: [process.execPath, "test/clients/worker.mjs"] },
  python,
  go,
];
