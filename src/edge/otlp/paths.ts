/** Where each signal is sent to over HTTP. */
export const signalPaths = { logs: "/v1/logs", traces: "/v1/traces" } as const;
