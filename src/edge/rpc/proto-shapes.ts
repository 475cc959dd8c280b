/** The messages whose form is not that of their JSON, by name: see `proto-json.ts`. */

export type Json = Readonly<Record<string, unknown>>;

type Shapes = Readonly<Record<string, (json: Json) => Json>>;

/** From a request's message to the input of its operation. */
export const requestShapes: Shapes = {
  // So that the error of a stage without events names the field itself.
  "mars.v1.LifecycleStage": (stage) => (stage.children === undefined ? { events: [], ...stage } : stage),
  // No attribute is to be indexed.
  "mars.v1.PutAttributesRequest": (request) => ({ indexed: [], ...request }),
};

/** Numbers of the funnel have links over REST. */
const counted = (json: Json, names: readonly string[]): Json => ({
  ...json,
  ...Object.fromEntries(names.map((name) => [name, (json[name] as { readonly count: number }).count])),
});

const percents = [50, 90, 95, 99];

/** From an answer to its message. */
export const answerShapes: Shapes = {
  "mars.v1.GetMessageResponse": (message) => ({ ...message, message: { ...message, summary: message } }),
  "mars.v1.OverdueStage": (stage) => ({ ...stage, finding: stage }),
  "mars.v1.LifecycleStage": ({ event, any_of, events, after = [], ...stage }) => ({
    ...stage,
    events: events ?? any_of ?? (event === undefined ? [] : [event]),
    after: [after].flat(),
  }),
  "mars.v1.DryRunLifecycleResponse.FindingCount": ({ samples, ...finding }) => ({
    ...finding,
    sample_message_ids: samples,
  }),
  "mars.v1.GetFunnelResponse": (funnel) => counted(funnel, ["opened"]),
  "mars.v1.GetFunnelResponse.Stage": (stage) => counted(stage, ["reached", "waiting", "overdue", "never"]),
  // Nothing else is known of a quantity that was not counted.
  "mars.v1.GetLatencyResponse.Distribution": ({ count, max_ms, examples, ...times }) =>
    count === 0
      ? { count }
      : {
          count,
          max_ms,
          percentiles: percents.map((percent) => ({
            percent,
            value_ms: times[`p${percent}_ms`],
            example_message_id: (examples as Record<string, Json | null>)[`p${percent}`]?.message_id,
          })),
        },
};
