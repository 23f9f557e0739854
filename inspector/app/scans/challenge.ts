/**
 * The number that this device shows to phones without network: each proves one presentation, then comes the next.
 */
import { newChallenge } from "../../core/proximity/challenge.ts";
import { Watch } from "../session/watching.ts";

const RANDOM_BYTES = 10;

/** The number that is shown now; null while none is. */
export class Challenge extends Watch<string | null> {
  constructor() {
    super(null);
  }

  /** Show a number that was never shown before. */
  show(): void {
    this.set(newChallenge(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))));
  }

  hide(): void {
    this.set(null);
  }

  /** Show another number in place of one that was answered. */
  answered(): void {
    if (this.state() !== null) this.show();
  }
}
