/** Tasks that the documented examples of routes are about; a test seeds them before it sends the examples. */
export const EXAMPLE_TASKS = {
  /** A track that waits for its turn. */
  queued: '01900000-0000-7000-8000-000000000001',
  /** A track that is paused. */
  paused: '01900000-0000-7000-8000-000000000002',
  /** A track that failed. */
  failed: '01900000-0000-7000-8000-000000000003',
  /** A finished album with its tracks. */
  finishedAlbum: '01900000-0000-7000-8000-000000000004',
  /** An artist's discography that waits for its turn. */
  queuedArtist: '01900000-0000-7000-8000-000000000005',
} as const;
