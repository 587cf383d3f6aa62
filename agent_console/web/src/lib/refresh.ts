/** Reads again when told to, one at a time, and never ends on an answer older than the last call. */
export function oneAtATime(read: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let asked = 0;

  async function loop(): Promise<void> {
    let answered: number;
    do {
      answered = asked;
      await read();
    } while (answered !== asked);
  }

  return () => {
    asked += 1;
    if (running !== null) return running;
    running = loop().finally(() => (running = null));
    return running;
  };
}
