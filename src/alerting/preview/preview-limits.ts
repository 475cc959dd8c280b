/** Bounds of previews. */

/** Notifications of one answer; more are counted. */
export const previewNotificationsMax = 1_000;
/** Findings of one preview, the latest. */
export const previewFindingsMax = 100_000;
