/** The table of operations. */
import { listFindings, listOverdue } from "./findings.ts";
import type { Operation } from "./operation.ts";

export const operations: readonly Operation[] = [listFindings, listOverdue];
