/** Bounds on care for an incident: apart from `care.ts`, so that commands load nothing that sends. */

/** Notes of one incident, and bytes of each. */
export const notesMax = 100;
export const noteBytesMax = 4_096;
export const assigneeBytesMax = 256;
