/**
 * GitHub. A message is a pull request or an issue (`owner/repo#7`), a run of a workflow (`owner/repo/runs/3`, with its jobs), a
 * deployment, a release, a pushed or checked commit (`owner/repo@sha`).
 */
import type { Preset } from "./preset.ts";

const repository = "item.repository.full_name";
const numbered = (name: string, between: string, member: string) =>
  `has(item.${name}) ? ${repository} + "${between}" + string(item.${name}.${member})`;

export const github: Preset = {
  title: "GitHub",
  documentation: "https://docs.github.com/en/webhooks/webhook-events-and-payloads",
  scheme: "github",
  rules: {
    // A webhook may be set to send forms, whose one field has the JSON.
    each: "type(body.?payload.orValue(null)) == string ? parse_json(body.payload) : body",
    when: 'headers["x-github-event"] != "ping"',
    message_id: [
      numbered("workflow_run", "/runs/", "id"),
      numbered("workflow_job", "/runs/", "run_id"),
      numbered("pull_request", "#", "number"),
      numbered("issue", "#", "number"),
      numbered("deployment", "/deployments/", "id"),
      numbered("release", "/releases/", "id"),
      numbered("check_run", "@", "head_sha"),
      numbered("check_suite", "@", "head_sha"),
      `has(item.after) ? ${repository} + "@" + item.after`,
      `has(item.sha) ? ${repository} + "@" + item.sha`,
      'headers["x-github-delivery"]',
    ].join(" : "),
    event: 'headers["x-github-event"] + (has(item.action) ? "." + item.action : "")',
    // There is no time of the event itself.
    created_at: [
      "item.?workflow_run.?updated_at",
      ...["pull_request", "issue", "deployment_status", "deployment"].map(
        (name) => `item.?${name}.?updated_at`,
      ),
      "item.?release.?published_at",
      "item.?head_commit.?timestamp",
    ]
      .map((path) => `.or(${path})`)
      .join("")
      .replace(/^\.or\((.*?)\)/, "$1"),
    // The same when GitHub sends it again.
    event_id: 'headers["x-github-delivery"]',
    attributes: {
      repository,
      action: "item.action",
      status:
        "item.?workflow_run.?status.or(item.?workflow_job.?status).or(item.?check_run.?status).orValue(null)",
      conclusion:
        "item.?workflow_run.?conclusion.or(item.?workflow_job.?conclusion).or(item.?check_run.?conclusion).orValue(null)",
      state:
        "item.?deployment_status.?state.or(item.?pull_request.?state).or(item.?issue.?state).orValue(null)",
      ref: "item.?ref.or(item.?workflow_run.?head_branch).or(item.?pull_request.?head.?ref).orValue(null)",
      sender: "item.sender.login",
    },
  },
};
