/**
 * GitLab. A message is a merge request (`group/project!7`), an issue (`#7`), a pipeline with its jobs (`/pipelines/3`), a deployment, a
 * release, or a pushed commit (`@sha`).
 */
import type { Preset } from "./preset.ts";

const project = "body.project.path_with_namespace";
const detail =
  "body.?object_attributes.?action.or(body.?object_attributes.?status).or(body.?build_status).or(body.?status).or(body.?action)";
const ofKind = (kind: string, rest: string) => `body.object_kind == "${kind}" ? ${project} + ${rest}`;

export const gitlab: Preset = {
  title: "GitLab",
  documentation: "https://docs.gitlab.com/user/project/integrations/webhook_events/",
  scheme: "gitlab",
  rules: {
    message_id: [
      ofKind("pipeline", '"/pipelines/" + string(body.object_attributes.id)'),
      // A job has the project's name in another form.
      'body.object_kind == "build" ? body.?project.?path_with_namespace.orValue(body.project_name) + "/pipelines/" + string(body.pipeline_id)',
      ofKind("merge_request", '"!" + string(body.object_attributes.iid)'),
      `has(body.merge_request) ? ${project} + "!" + string(body.merge_request.iid)`,
      ofKind("issue", '"#" + string(body.object_attributes.iid)'),
      `has(body.issue) ? ${project} + "#" + string(body.issue.iid)`,
      ofKind("deployment", '"/deployments/" + string(body.deployment_id)'),
      ofKind("release", '"/releases/" + body.tag'),
      `has(body.after) ? ${project} + "@" + body.after`,
      'headers["x-gitlab-event-uuid"]',
    ].join(" : "),
    event: `${detail}.hasValue() ? body.object_kind + "." + string(${detail}.value()) : body.object_kind`,
    // Of pushes, and of pipelines and jobs before their end, there is no time.
    created_at: [
      'body.object_kind == "build" ? (body.build_status == "running" ? body.?build_started_at : body.?build_finished_at).orValue(null)',
      'body.object_kind == "pipeline" ? body.object_attributes.?finished_at.orValue(null)',
      "body.?object_attributes.?updated_at.or(body.?status_changed_at).or(body.?released_at).orValue(null)",
    ].join(" : "),
    event_id: 'headers[?"idempotency-key"].or(headers[?"x-gitlab-event-uuid"])',
    attributes: {
      project,
      ref: "body.?ref.or(body.?object_attributes.?ref).or(body.?object_attributes.?source_branch).orValue(null)",
      status: "body.?object_attributes.?status.or(body.?build_status).or(body.?status).orValue(null)",
      state: "body.object_attributes.state",
      job: "body.build_name",
      stage: "body.build_stage",
      failure_reason: "body.build_failure_reason",
      environment: "body.environment",
      user: "body.?user.?username.or(body.?user_username).orValue(null)",
    },
  },
};
