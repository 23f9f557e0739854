/** Things that change, and screens that follow them. */
import { useEffect, useRef, useState } from "preact/hooks";

export interface Watched<Value> {
  state(): Value;
  subscribe(listener: () => void): () => void;
}

/** A value that changes as a whole; everyone who watches it is told. */
export class Watch<Value> implements Watched<Value> {
  #value: Value;
  readonly #listeners = new Set<() => void>();

  constructor(first: Value) {
    this.#value = first;
  }

  state(): Value {
    return this.#value;
  }

  set(value: Value): void {
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Return the value, and draw the component again whenever it changes. */
export function useWatched<Value>(watched: Watched<Value>): Value {
  const [value, setValue] = useState(watched.state());
  useEffect(() => {
    const follow = (): void => setValue(watched.state());
    follow();
    return watched.subscribe(follow);
  }, [watched]);
  return value;
}

/** Return how to ask whether the component is still there: what comes after a lock, say, is dropped (K10). */
export function useStillShown(): () => boolean {
  const shown = useRef(true);
  useEffect(() => () => void (shown.current = false), []);
  return () => shown.current;
}
