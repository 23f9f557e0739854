/** A switch whose two buttons stand in one place: the second click of a double click is not the way back. */

export const SETTLED_MS = 500;

/** Return whether a click may switch; `at` is its time in milliseconds, by a clock that never goes back. */
export function settling(): (at: number) => boolean {
  let last = -Infinity;
  return (at) => {
    if (at - last < SETTLED_MS) return false;
    last = at;
    return true;
  };
}
