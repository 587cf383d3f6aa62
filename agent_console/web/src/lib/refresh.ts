/**
 * Reads again when told to, one at a time. Each call's promise is that of a reading which began
 * after the call: no answer is older than its question, and nobody waits for a later one's.
 */
export function oneAtATime(read: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  /** The reading after the one under way, for all who ask meanwhile. */
  let next: Promise<void> | null = null;

  function begin(): Promise<void> {
    running = read().finally(() => (running = null));
    return running;
  }
  function after(before: Promise<void>): Promise<void> {
    const begins = (): Promise<void> => {
      next = null;
      return begin();
    };
    // Whoever asked for the one before is told of its failure; this one is tried all the same.
    return before.then(begins, begins);
  }

  return () => {
    if (next !== null) return next;
    if (running === null) return begin();
    next = after(running);
    return next;
  };
}
