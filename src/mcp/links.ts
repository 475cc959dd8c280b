/** The addresses of the dashboard's pages that answers lead to. */

export interface Links {
  message(appId: string, messageId: string): string;
  stuck(appId: string, stage?: string, after?: string | null): string;
  flow(appId: string): string;
  lifecycle(appId: string): string;
  incident(id: number): string;
}

/** @param base where people reach Mars, without a slash at its end */
export function linksAt(base: string): Links {
  const page = (path: string, parameters: Readonly<Record<string, string>>) => {
    const given = Object.entries(parameters).filter(([, value]) => value !== "");
    return `${base}${path}?${new URLSearchParams(given)}`;
  };
  return {
    message: (app_id, message_id) => page("/search/event", { app_id, message_id }),
    stuck: (app_id, stage = "", after) => page("/stuck", { app_id, stage, after: after ?? "" }),
    flow: (app_id) => page("/flow", { app_id }),
    lifecycle: (app_id) => page("/lifecycles", { app_id }),
    incident: (id) => page("/incidents", { id: String(id) }),
  };
}
