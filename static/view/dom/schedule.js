// Draws at most once a frame, and under a storm of changes not more often than a person can follow.

const PAUSE = 80;

/** @param {() => void} draw @returns {{ask: () => void, now: () => void, stop: () => void}} */
export function createSchedule(draw) {
  let asked = false;
  let stopped = false;
  let last = -Infinity;

  function run() {
    asked = false;
    if (stopped) return;
    last = performance.now();
    draw();
  }

  return {
    ask() {
      if (asked || stopped) return;
      asked = true;
      const wait = last + PAUSE - performance.now();
      if (wait <= 0) requestAnimationFrame(run);
      else setTimeout(() => requestAnimationFrame(run), wait);
    },
    now: () => run(),
    stop() {
      stopped = true;
    },
  };
}
