/**
 * Finds the handler of a path, one step for each segment. Hono's own choice for paths such as `/api/sessions/:id` beside
 * `/api/sessions/current` looks at all candidates and gathers their parameters, which took longer than most handlers; here nobody
 * needs parameters, as segments are decoded one by one (`rawPath`).
 */
import type { Result, Router } from "hono/router";

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  /** `:name`: any segment but an empty one. */
  any: Node<T> | undefined;
  /** Made once, since nobody changes them. By the method. */
  readonly found: Map<string, Result<T>>;
  /** `*` at the end: all that is below, and the path itself. */
  readonly below: Map<string, Result<T>>;
}

/** A literal segment goes before a parameter, and both go before `*`; of two handlers at one path the first counts. */
export class RouteTree<T> implements Router<T> {
  readonly name = "RouteTree";
  readonly #root: Node<T> = newNode();
  /** Each request is looked up twice in a row: for the name of its route, and by Hono. */
  #last: { readonly method: string; readonly path: string; readonly result: Result<T> } | undefined;

  add(method: string, path: string, handler: T): void {
    this.#last = undefined;
    let node = this.#root;
    for (const segment of segmentsOf(path)) {
      if (segment === "*") {
        addTo(node.below, method, handler);
        return;
      }
      node = segment.startsWith(":") ? parameter(node) : literal(node, segment);
    }
    addTo(node.found, method, handler);
  }

  match(method: string, path: string): Result<T> {
    if (this.#last?.path === path && this.#last.method === method) return this.#last.result;
    const result: Result<T> = find(this.#root, segmentsOf(path), 0, method) ?? [[]];
    this.#last = { method, path, result };
    return result;
  }
}

function find<T>(
  node: Node<T>,
  segments: readonly string[],
  at: number,
  method: string,
): Result<T> | undefined {
  const segment = segments[at];
  if (segment === undefined) return node.found.get(method) ?? node.below.get(method);
  const named = node.literals.get(segment);
  return (
    (named && find(named, segments, at + 1, method)) ??
    (node.any && segment !== "" ? find(node.any, segments, at + 1, method) : undefined) ??
    node.below.get(method)
  );
}

/** Without the empty text before the first slash. */
function segmentsOf(path: string): string[] {
  return path.slice(1).split("/");
}

function newNode<T>(): Node<T> {
  return { literals: new Map(), any: undefined, found: new Map(), below: new Map() };
}

function parameter<T>(node: Node<T>): Node<T> {
  node.any ??= newNode();
  return node.any;
}

function literal<T>(node: Node<T>, segment: string): Node<T> {
  const known = node.literals.get(segment);
  if (known !== undefined) return known;
  const made = newNode<T>();
  node.literals.set(segment, made);
  return made;
}

function addTo<T>(handlers: Map<string, Result<T>>, method: string, handler: T): void {
  if (!handlers.has(method)) handlers.set(method, [[[handler, {}]]]);
}
