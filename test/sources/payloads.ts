/** What senders document as their payloads, each with what it must become. Facts of their public documentation, shortened where nothing is read. */
import type { Example } from "./example.ts";
import { mailExamples } from "./mail-payloads.ts";

export const examples: readonly Example[] = [
  {
    preset: "standard-webhooks",
    name: "an event of Resend by Svix",
    headers: { "svix-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W" },
    body: {
      type: "email.delivered",
      created_at: "2026-02-22T23:41:12.126Z",
      data: { email_id: "56761188-7520-42d8-8898-ff6fc54ce618", to: ["delivered@resend.dev"], subject: "Hi" },
    },
    events: [
      {
        messageId: "56761188-7520-42d8-8898-ff6fc54ce618",
        event: "email.delivered",
        eventId: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        createdAt: "2026-02-22T23:41:12.126Z",
      },
    ],
  },
  {
    preset: "standard-webhooks",
    name: "the example of the specification",
    headers: { "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek" },
    body: {
      type: "contact.created",
      timestamp: "2022-11-03T20:26:10.344522Z",
      data: { id: "1f81eb52-5198-4599-803e-771906343485", type: "contact", name: "John" },
    },
    events: [
      {
        messageId: "1f81eb52-5198-4599-803e-771906343485",
        event: "contact.created",
        eventId: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        createdAt: "2022-11-03T20:26:10.344522Z",
      },
    ],
  },
  {
    preset: "stripe",
    name: "setup_intent.created",
    body: {
      id: "evt_1NG8Du2eZvKYlo2CUI79vXWy",
      object: "event",
      api_version: "2019-02-19",
      created: 1686089970,
      data: {
        object: {
          id: "seti_1NG8Du2eZvKYlo2C9XMqbR0x",
          object: "setup_intent",
          metadata: {},
          status: "requires_confirmation",
        },
      },
      livemode: false,
      type: "setup_intent.created",
    },
    events: [
      {
        messageId: "seti_1NG8Du2eZvKYlo2C9XMqbR0x",
        event: "setup_intent.created",
        eventId: "evt_1NG8Du2eZvKYlo2CUI79vXWy",
        createdAt: "2023-06-06T22:19:30Z",
        attributes: {
          object: "setup_intent",
          object_id: "seti_1NG8Du2eZvKYlo2C9XMqbR0x",
          status: "requires_confirmation",
          livemode: false,
        },
      },
    ],
  },
  {
    preset: "stripe",
    name: "a charge, which is of its payment",
    body: {
      id: "evt_1",
      created: 1686089970,
      type: "charge.succeeded",
      data: {
        object: {
          id: "ch_1",
          object: "charge",
          payment_intent: "pi_1",
          metadata: {},
          amount: 100,
          currency: "usd",
        },
      },
    },
    events: [{ messageId: "pi_1", event: "charge.succeeded", eventId: "evt_1" }],
  },
  {
    preset: "stripe",
    name: "a charge that names its message, and one without a payment",
    body: {
      id: "evt_2",
      created: 1686089970,
      type: "charge.refunded",
      data: {
        object: {
          id: "ch_1",
          object: "charge",
          payment_intent: null,
          metadata: { mars_message_id: "order-7" },
        },
      },
    },
    events: [{ messageId: "order-7", event: "charge.refunded" }],
  },
  {
    preset: "stripe",
    name: "an old charge without a payment",
    body: {
      id: "evt_3",
      created: 1686089970,
      type: "charge.failed",
      data: { object: { id: "ch_9", object: "charge", payment_intent: null } },
    },
    events: [{ messageId: "ch_9", event: "charge.failed" }],
  },
  {
    preset: "github",
    name: "a pull request",
    headers: {
      "x-github-event": "pull_request",
      "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    },
    body: {
      action: "opened",
      number: 2,
      pull_request: {
        id: 279147437,
        number: 2,
        state: "open",
        updated_at: "2019-05-15T15:20:33Z",
        head: { ref: "changes" },
      },
      repository: { id: 186853002, full_name: "Codertocat/Hello-World" },
      sender: { login: "Codertocat" },
    },
    events: [
      {
        messageId: "Codertocat/Hello-World#2",
        event: "pull_request.opened",
        eventId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        createdAt: "2019-05-15T15:20:33Z",
        attributes: {
          repository: "Codertocat/Hello-World",
          action: "opened",
          state: "open",
          ref: "changes",
          sender: "Codertocat",
        },
      },
    ],
  },
  {
    preset: "github",
    name: "a run of a workflow with a large id, as a form",
    headers: {
      "x-github-event": "workflow_run",
      "x-github-delivery": "d-1",
      "content-type": "application/x-www-form-urlencoded",
    },
    body: `payload=${encodeURIComponent(
      JSON.stringify({
        action: "completed",
        workflow_run: {
          id: 30433642123,
          status: "completed",
          conclusion: "failure",
          head_branch: "main",
          updated_at: "2020-01-22T19:33:08Z",
        },
        repository: { full_name: "octo/hello" },
      }),
    )}`,
    events: [
      {
        messageId: "octo/hello/runs/30433642123",
        event: "workflow_run.completed",
        eventId: "d-1",
        createdAt: "2020-01-22T19:33:08Z",
      },
    ],
  },
  {
    preset: "github",
    name: "a push, which has no action",
    headers: { "x-github-event": "push", "x-github-delivery": "d-2" },
    body: {
      ref: "refs/tags/simple-tag",
      after: "0000",
      repository: { full_name: "Codertocat/Hello-World" },
      head_commit: null,
    },
    events: [{ messageId: "Codertocat/Hello-World@0000", event: "push", createdAt: undefined }],
  },
  {
    preset: "github",
    name: "a ping",
    headers: { "x-github-event": "ping", "x-github-delivery": "d-3" },
    body: { zen: "Design for failure.", hook_id: 1 },
    events: [],
  },
  {
    preset: "shopify",
    name: "an order, whose id has more digits than a number keeps",
    headers: {
      "x-shopify-topic": "orders/create",
      "x-shopify-shop-domain": "johns-apparel.myshopify.com",
      "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
      "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
      "x-shopify-triggered-at": "2023-03-29T18:00:27.877041743Z",
    },
    body: '{"id":820982911946154508,"admin_graphql_api_id":"gid://shopify/Order/820982911946154508","name":"#9999","financial_status":"voided","fulfillment_status":null,"total_price":"388.00","currency":"USD","order_number":1234}',
    events: [
      {
        messageId: "820982911946154508",
        event: "orders.create",
        eventId: "98880550-7158-44d4-b7cd-2c97c8a091b5",
        createdAt: "2023-03-29T18:00:27.877041Z",
        attributes: {
          shop: "johns-apparel.myshopify.com",
          id: 820982911946154508n,
          name: "#9999",
          financial_status: "voided",
          total_price: "388.00",
          currency: "USD",
        },
      },
    ],
  },
  {
    preset: "shopify",
    name: "a fulfillment by the newer headers, which is of its order",
    headers: { "shopify-topic": "fulfillments/update", "shopify-webhook-id": "w-1" },
    body: '{"id":123456,"order_id":820982911946154508,"status":"success","updated_at":"2021-12-31T19:00:00-05:00"}',
    events: [
      {
        messageId: "820982911946154508",
        event: "fulfillments.update",
        eventId: "w-1",
        createdAt: "2022-01-01T00:00:00Z",
      },
    ],
  },
  {
    preset: "gitlab",
    name: "a pipeline that has ended",
    headers: { "x-gitlab-event": "Pipeline Hook", "x-gitlab-event-uuid": "u-1", "idempotency-key": "i-1" },
    body: {
      object_kind: "pipeline",
      object_attributes: {
        id: 31,
        iid: 3,
        ref: "master",
        status: "success",
        created_at: "2016-08-12 15:23:28 UTC",
        finished_at: "2016-08-12 15:26:29 UTC",
      },
      user: { username: "root" },
      project: { path_with_namespace: "gitlab-org/gitlab-test" },
    },
    events: [
      {
        messageId: "gitlab-org/gitlab-test/pipelines/31",
        event: "pipeline.success",
        eventId: "i-1",
        createdAt: "2016-08-12T15:26:29Z",
        attributes: { project: "gitlab-org/gitlab-test", ref: "master", status: "success", user: "root" },
      },
    ],
  },
  {
    preset: "gitlab",
    name: "a job, whose project is named in another way",
    headers: { "x-gitlab-event-uuid": "u-2" },
    body: {
      object_kind: "build",
      ref: "gitlab-script-trigger",
      build_id: 1977,
      build_name: "test",
      build_stage: "test",
      build_status: "created",
      build_started_at: null,
      build_finished_at: null,
      build_failure_reason: "script_failure",
      pipeline_id: 2366,
      project_name: "gitlab-org/gitlab-test",
    },
    events: [
      {
        messageId: "gitlab-org/gitlab-test/pipelines/2366",
        event: "build.created",
        eventId: "u-2",
        createdAt: undefined,
      },
    ],
  },
  {
    preset: "gitlab",
    name: "a merge request, and a push",
    headers: { "x-gitlab-event-uuid": "u-3" },
    body: {
      object_kind: "merge_request",
      project: { path_with_namespace: "gitlabhq/gitlab-test" },
      object_attributes: {
        id: 99,
        iid: 1,
        state: "opened",
        action: "open",
        source_branch: "ms-viewport",
        updated_at: "2013-12-03T17:23:34Z",
      },
    },
    events: [
      { messageId: "gitlabhq/gitlab-test!1", event: "merge_request.open", createdAt: "2013-12-03T17:23:34Z" },
    ],
  },
  {
    preset: "gitlab",
    name: "a push",
    headers: { "x-gitlab-event-uuid": "u-4" },
    body: {
      object_kind: "push",
      after: "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
      ref: "refs/heads/master",
      user_username: "jsmith",
      project: { path_with_namespace: "mike/diaspora" },
    },
    events: [
      {
        messageId: "mike/diaspora@da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
        event: "push",
        createdAt: undefined,
      },
    ],
  },
  ...mailExamples,
];
