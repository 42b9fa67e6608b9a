interface CodeFacts {
  /** Of the response, when nothing else has happened. */
  status: string;
  meaning: string;
}

const BY_MEDIA_TYPE = '200; 400 with `accept: application/graphql-response+json`';

/** What `extensions.code` can be besides a member of `ErrorCode`. */
export const REQUEST_CODES = {
  GRAPHQL_PARSE_FAILED: { status: BY_MEDIA_TYPE, meaning: 'The document is not valid GraphQL.' },
  GRAPHQL_VALIDATION_FAILED: { status: BY_MEDIA_TYPE, meaning: 'The document does not fit the schema.' },
  BAD_USER_INPUT: { status: '400', meaning: 'A variable is missing or has the wrong type.' },
  LIMIT_EXCEEDED: {
    status: `${BY_MEDIA_TYPE}; 413 for a body that is too large, 429 for too many streams`,
    meaning: 'One of the [limits](#limits).',
  },
  BAD_REQUEST: {
    status: '400; 405 for a mutation by `GET`, and for other methods than `GET` and `POST`',
    meaning: 'The body or the URL does not hold one operation.',
  },
  OPERATION_RESOLUTION_FAILURE: {
    status: '400',
    meaning: 'The document has several operations and `operationName` selects none of them.',
  },
  UNSUPPORTED_MEDIA_TYPE: { status: '415', meaning: 'The body is not sent as `application/json`.' },
  NOT_ACCEPTABLE: {
    status: '406',
    meaning:
      'The media types of `accept` do not fit: a subscription needs `text/event-stream`, or a WebSocket. A mutation was carried out all the same.',
  },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    status: '200',
    meaning: 'The request has a hash in place of the text; clients of persisted queries then send the text.',
  },
  ORIGIN_NOT_ALLOWED: {
    status: '403',
    meaning: 'A web page of another origin sent this; see [Operations](operations.md#names).',
  },
  HOST_NOT_ALLOWED: {
    status: '421',
    meaning: 'The server is addressed by an unknown host name; see [Operations](operations.md#names).',
  },
  CANCELLED: { status: 'not sent', meaning: 'The client closed the request.' },
  INTERNAL: {
    status: '200; 500 if there are no data',
    meaning: 'A bug in Reprise; the log has the details under `extensions.requestId`.',
  },
} satisfies Record<string, CodeFacts>;

export type RequestCode = keyof typeof REQUEST_CODES;
