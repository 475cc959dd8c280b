/**
 * The name of the file in the data directory with the administrator's token of this run: written by each start of Mars, and used
 * by the commands on its machine. Who can read the data may administer it.
 */
export const localTokenName = "admin-token";
