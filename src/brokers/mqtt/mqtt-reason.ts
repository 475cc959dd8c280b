/** The reasons of MQTT 5, section 2.4, as far as a client that reads and publishes is given them. */
const reasons: Readonly<Record<number, string>> = {
  128: "unspecified error",
  129: "malformed packet",
  130: "protocol error",
  132: "unsupported protocol version: MQTT 5 is needed",
  133: "client identifier not valid",
  134: "bad user name or password",
  135: "not authorized",
  136: "server unavailable",
  137: "server busy",
  138: "banned",
  139: "server shutting down",
  141: "keep alive timeout",
  142: "session taken over: another client has the same client_id",
  143: "topic filter invalid",
  144: "topic name invalid",
  147: "receive maximum exceeded",
  149: "packet too large",
  151: "quota exceeded",
  152: "administrative action",
  153: "payload format invalid",
  155: "QoS not supported",
  156: "use another server",
  157: "server moved",
  158: "shared subscriptions not supported",
  159: "connection rate exceeded",
  162: "wildcard subscriptions not supported",
};

/** For people. Codes below 128 are successes. */
export function reasonOf(code: number): string {
  return reasons[code] ?? `reason ${code}`;
}
