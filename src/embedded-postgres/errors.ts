export class EmbeddedDatabaseError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'EmbeddedDatabaseError';
  }
}

/** What PostgreSQL's programs say, with details and hints, as one line. */
export function inOneLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.filter(Boolean).join('; ');
}
