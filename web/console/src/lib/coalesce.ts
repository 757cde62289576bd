// Many reasons, one run: the first soon, then at most one per interval, never two at a time.

export function coalesce(run: () => Promise<unknown>, soonMs: number, intervalMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let running = false;
  let again = false;
  let last = -Infinity;
  const start = () => {
    timer = null;
    running = true;
    last = performance.now();
    void run().finally(() => {
      running = false;
      if (again) {
        again = false;
        ask();
      }
    });
  };
  const ask = () => {
    if (running) again = true;
    else if (timer === null) timer = setTimeout(start, Math.max(soonMs, last + intervalMs - performance.now()));
  };
  return ask;
}
