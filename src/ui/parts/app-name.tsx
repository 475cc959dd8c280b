/** An app's id in a column of a table: a name of usual length stays whole, in its own direction. */
export function AppName({ id }: { readonly id: string }) {
  return <bdi class="app">{id}</bdi>;
}
