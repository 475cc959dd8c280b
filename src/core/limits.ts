/** The limits of the contract, in one place. Limits that an operator may change are in `config.ts` instead. */

export const appIdBytesMax = 256;
export const messageIdBytesMax = 512;
export const eventBytesMax = 256;
export const eventIdBytesMax = 256;
export const externalIdBytesMax = 512;
/** A parent is named by its message id. */
export const parentIdBytesMax = messageIdBytesMax;
/** Unless configured otherwise, up to `attributesBytesMaxMost`: see `event-bounds.ts`. */
export const attributesBytesMax = 8 * 1024;
export const attributesBytesMaxMost = 64 * 1024;
/**
 * How deep attributes may nest. Protobuf decoders stop at 100 messages, and every JSON level in a
 * `google.protobuf.Struct` costs three; deeper attributes could be stored, but not read over gRPC.
 */
export const attributesDepthMax = 32;

/** Events in one bulk request or one RPC batch. */
export const bulkEventsMax = 10_000;
/** Bytes of one request's body, counted after decompression. */
export const bodyBytesMax = 8 * 1024 * 1024;
/**
 * Bytes of one event in its request, ignored fields included, be it the only one of its body or one of many; more where attributes may have more: see `event-bounds.ts`. The longest valid one has some 11 KiB as JSON, and 48 KiB as protobuf.
 */
export const eventBodyBytesMax = 64 * 1024;
/** Bytes of a lifecycle in its request; far more than people write. */
export const lifecycleBodyBytesMax = 64 * 1024;
/** Bytes of a request for a rule, a sink, a silence, or of a query by RPC: some ids, names and texts. */
export const smallBodyBytesMax = 16 * 1024;
/** Bytes of an OTLP request, counted after decompression: half of what one caller's bodies may hold together. */
export const otlpBodyBytesMax = 16 * 1024 * 1024;
/** Bytes of one record in another format: a log record, a span, a CloudEvent. Longer ones are refused alone: decoding one must not hold up other requests. */
export const recordBytesMax = 256 * 1024;
/** Events of one OTLP request. Collectors send some 8,000 records at once. */
export const otlpEventsMax = 50_000;
/** Problems that one answer lists; the rest are only counted. A bad request costs no more than its answer. */
export const problemsMax = 100;

/** Messages on one page of a list. */
export const listLimitMax = 1000;
export const listLimitDefault = 100;
/** Of one message's events: each is read from another place of the table, and a page must not keep other reads waiting. */
export const messageEventsLimitMax = 250;
/** Of the events of many messages, on one page: those of one are beside each other in their index. */
export const listedEventsMax = 5_000;

/** Events in the answer to one message, which is bounded in bytes as well. */
export const messageEventsMax = 10_000;

/** How long `min_seq` waits for the store to catch up. */
export const minSeqWaitMs = 5_000;

/** How many collectors there are unless configured otherwise; the number of the original Mars. */
export const collectorsDefault = 10;

/**
 * How far the sequence leaps where a restored copy of journal or database may have been ahead before: more events than a
 * copy can be behind, so that no seq is given out twice.
 */
export const seqLeap = 1_000_000_000;
