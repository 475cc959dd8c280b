/** How much of a budget of all clients is used now. */
export interface BudgetStats {
  readonly used: number;
  readonly max: number;
  /** Requests that wait for room. */
  readonly waiting: number;
  /** Requests that were refused for want of room since the start. */
  readonly refused: number;
}
