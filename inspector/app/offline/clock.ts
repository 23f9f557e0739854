/** The device's clock against the signed and served times that it has seen (K09).
 *
 * Days are judged by a clock that anybody can set. What is known against it is a time of the service, the time in
 * a signed trust pack, and the latest of both that was ever seen: no true clock can stand before them.
 */

/** What is known against the clock, kept between two starts. Epoch seconds. */
export interface ClockMemory {
  /** The latest time that was served or signed: it has passed. */
  readonly passed: number;
  /** By how much the clock was ahead when the service was last asked; null where it never was. */
  readonly offset: number | null;
}

export const NOTHING_KNOWN: ClockMemory = { passed: 0, offset: null };

/** Differences below this are those of any two clocks, and of the way of an answer. */
const INDIFFERENT = 30;

/** Two readings of one moment: what the clock shows, and a count that nobody can set. Seconds. */
export interface Reading {
  readonly wall: number;
  readonly ticks: number;
}

const readDevice = (): Reading => ({ wall: Date.now() / 1000, ticks: performance.now() / 1000 });

export class DeviceClock {
  #memory: ClockMemory;
  #last: Reading;
  /** How far the clock was set back while the app ran, since it was last compared. */
  #setBack = 0;
  readonly #read: () => Reading;

  constructor(memory: ClockMemory = NOTHING_KNOWN, read: () => Reading = readDevice) {
    this.#memory = memory;
    this.#read = read;
    this.#last = read();
  }

  /** What is to be kept for the next start. */
  memory(): ClockMemory {
    return this.#memory;
  }

  /** The clock of the device in epoch seconds, right or wrong. */
  now(): number {
    return Math.floor(this.#watched().wall);
  }

  /** A time to judge signatures by: the device's clock, but never before what has surely passed. */
  atLeast(): number {
    return Math.max(this.now(), this.#memory.passed);
  }

  /** Take note of a time that the service told; `asked` is the reading from before the request. */
  served(time: number, asked: Reading): void {
    const here = this.#read();
    // The answer was made somewhere between the two readings. A clock set meanwhile shows in the ticks.
    const way = Math.max(0, here.ticks - asked.ticks);
    this.#setBack = 0;
    this.#last = here;
    this.#memory = { passed: time, offset: here.wall - (time + way / 2) };
  }

  /** Take note of a time that stands in a verified trust pack. */
  signed(time: number): void {
    this.#memory = { ...this.#memory, passed: Math.max(this.#memory.passed, time) };
  }

  /** A reading for `served`. */
  reading(): Reading {
    return this.#read();
  }

  /** Seconds by which the clock is ahead (negative: behind), by the strongest evidence; null without any. */
  offset(): number | null {
    const { wall } = this.#watched();
    const found: number[] = [];
    if (this.#memory.offset !== null) found.push(this.#memory.offset - this.#setBack);
    if (wall < this.#memory.passed) found.push(wall - this.#memory.passed);
    if (this.#setBack > INDIFFERENT) found.push(-this.#setBack);
    if (found.length === 0) return null;
    const worst = found.reduce((one, other) => (Math.abs(other) > Math.abs(one) ? other : one));
    return Math.abs(worst) < INDIFFERENT ? 0 : Math.round(worst);
  }

  /** Read the clock, and notice when it went back against the ticks. Forward it also jumps after sleep. */
  #watched(): Reading {
    const here = this.#read();
    const jump = here.wall - this.#last.wall - (here.ticks - this.#last.ticks);
    if (jump < -1) this.#setBack -= jump;
    // A clock that is put right again takes back what was held against it; a sleep, of any other length, does not.
    else if (Math.abs(jump - this.#setBack) < INDIFFERENT) this.#setBack = 0;
    this.#last = here;
    return here;
  }
}
