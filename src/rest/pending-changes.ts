/** A change of one thing. */
export interface Change<Value> {
  key: string;
  value: Value;
  /** A finished state is always sent, whatever follows it. */
  finished: boolean;
  /** Where a client that has received this resumes; omitted where it cannot resume. */
  cursor?: string;
}

/** The content of one message. */
interface ChangeBatch<Value> {
  values: Value[];
  cursor?: string | undefined;
}

/** What is to be sent next: the latest state of each thing, and every finished one. */
interface PendingChanges<Value> {
  add(change: Change<Value>): void;
  readonly isEmpty: boolean;
  /** A finished state that another one follows is a message of its own. */
  take(): ChangeBatch<Value>;
}

export function createPendingChanges<Value>(): PendingChanges<Value> {
  const batches: { changes: Map<string, Change<Value>>; cursor?: string | undefined }[] = [];
  return {
    add(change) {
      const last = batches.at(-1);
      const earlier = last?.changes.get(change.key);
      if (!last || (earlier?.finished && !change.finished)) {
        batches.push({ changes: new Map([[change.key, change]]), cursor: change.cursor });
      } else {
        last.changes.set(change.key, change);
        last.cursor = change.cursor ?? last.cursor;
      }
    },
    get isEmpty() {
      return batches.length === 0;
    },
    take() {
      const { changes, cursor } = batches.shift() ?? { changes: new Map<string, Change<Value>>() };
      return { values: [...changes.values()].map(({ value }) => value), cursor };
    },
  };
}
