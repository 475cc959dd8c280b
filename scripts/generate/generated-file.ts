/** A file that is made from others, as a whole or in part. */
export interface GeneratedFile {
  /** In the project. */
  readonly path: string;
  /**
   * @param root the project's directory
   * @returns the whole file as it should be
   */
  text(root: string): string;
}
