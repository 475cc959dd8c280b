/** Reads YAML, of which JSON is a part; the only file that knows the library. Loaded where there is a file to read. */
import { isMap, isScalar, LineCounter, type ParsedNode, parseDocument } from "yaml";

/** Where a value is: names of members, and indexes of lists. */
export type Path = readonly (string | number)[];

export interface Yaml {
  /** Plain values. */
  readonly value: unknown;
  /** The line of a value; of one that is not there the line of the nearest value around it. */
  lineOf(path: Path): number;
}

/** Values that aliases may stand for: a small file must not become a large value. */
const aliasesMax = 100;

/** @returns the document; or what is wrong with its text, with the line */
export function parseYaml(text: string): Yaml | { readonly line: number; readonly problem: string } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) return { line: lines.linePos(fault.pos[0]).line, problem: fault.message };
  const lineOf = (path: Path): number => {
    const at = startOf(document.contents, path);
    return at === undefined ? 1 : lines.linePos(at).line;
  };
  try {
    return { value: document.toJS({ maxAliasCount: aliasesMax }), lineOf };
  } catch (error) {
    // Too many aliases, or one that is not defined.
    return { line: 1, problem: error instanceof Error ? error.message : String(error) };
  }
}

function startOf(node: ParsedNode | null, [name, ...rest]: Path): number | undefined {
  const own = node?.range[0];
  if (name === undefined || node === null || !("items" in node)) return own;
  if (!isMap(node)) {
    const item = node.items[Number(name)];
    return item === undefined || !("range" in item) ? own : startOf(item as ParsedNode, rest);
  }
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(name));
  if (pair === undefined) return own;
  // A member is where its name is; its value may be a line further on.
  return rest.length === 0 ? pair.key.range[0] : (startOf(pair.value, rest) ?? pair.key.range[0]);
}
