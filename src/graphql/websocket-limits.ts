export interface WebSocketLimits {
  /** A longer message closes the connection with 1009. */
  messageBytes: number;
  /** Operations at once on one connection, subscriptions above all; one more is refused with an error message. */
  operations: number;
  /** Connections at once from one address; one more is closed with 4429. */
  connectionsPerAddress: number;
  /** How long a client may take to introduce itself; then 4408. */
  initTimeoutMs: number;
  /** A client that gave no sign of life for this long after a ping is dead. */
  pingIntervalMs: number;
  /** What a connection may have unread in this process; past it, it is cut. */
  unreadBytes: number;
  /** How long clients get to say goodbye when the server stops. */
  closeGraceMs: number;
}

export const WEBSOCKET_LIMITS: WebSocketLimits = {
  messageBytes: 256 * 1024,
  operations: 50,
  connectionsPerAddress: 2_000,
  initTimeoutMs: 10_000,
  pingIntervalMs: 12_000,
  unreadBytes: 1024 * 1024,
  closeGraceMs: 1_000,
};
