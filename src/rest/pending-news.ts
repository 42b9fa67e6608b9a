/** News of one thing that changes. */
export interface News<Value> {
  key: string;
  value: Value;
  /** Its end: this state is shown, whatever follows. */
  terminal: boolean;
  /** Where a client that has seen this would resume; absent when this is no news to resume from. */
  mark?: string;
}

/** What goes into one message. */
export interface NewsBatch<Value> {
  values: Value[];
  mark?: string | undefined;
}

/** What is to be sent next: of each thing the latest state, and every end. */
export interface PendingNews<Value> {
  add(news: News<Value>): void;
  readonly isEmpty: boolean;
  /** An end that something follows makes a message of its own, before that. */
  take(): NewsBatch<Value>;
}

export function createPendingNews<Value>(): PendingNews<Value> {
  const batches: { news: Map<string, News<Value>>; mark?: string | undefined }[] = [];
  return {
    add(news) {
      const last = batches.at(-1);
      const earlier = last?.news.get(news.key);
      if (!last || (earlier?.terminal && !news.terminal)) {
        batches.push({ news: new Map([[news.key, news]]), mark: news.mark });
      } else {
        last.news.set(news.key, news);
        last.mark = news.mark ?? last.mark;
      }
    },
    get isEmpty() {
      return batches.length === 0;
    },
    take() {
      const { news, mark } = batches.shift() ?? { news: new Map<string, News<Value>>() };
      return { values: [...news.values()].map(({ value }) => value), mark };
    },
  };
}
