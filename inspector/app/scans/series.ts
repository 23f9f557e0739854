/** What the camera sees, one code after another: frames are collected, and no code is judged twice in a row. */
import { CoreError } from "../../core/errors.ts";
import { FrameCollector } from "../../core/proximity/frames.ts";
import { recognise } from "../../core/recognition/recognise.ts";
import type { FrameProgress } from "../../core/index.ts";
import type { FoundCode } from "../scanner/decoding.ts";
import type { Scans, Source } from "./scans.ts";
import { Watch } from "../session/watching.ts";

/** Milliseconds out of view after which a code counts as shown once more, and the same for the last one judged. */
const OUT_OF_VIEW_FOR = 2_000;
const LAST_AGAIN_AFTER = 20_000;
/**
 * A paper can carry a seal and a verification code: for so long the code waits for the seal, and gives way to it.
 */
const CODE_WAITS_FOR = 1_500;
const CODE_GIVES_WAY_FOR = 5_000;

/** The codes of one time before the camera. */
export class Series {
  readonly progress = new Watch<FrameProgress | null>(null);
  readonly #scans: Scans;
  #frames = new FrameCollector();
  readonly #now: () => number;
  readonly #seen = new Map<string, number>();
  #last = "";
  #sealAt = -Infinity;
  #codeSince = new Map<string, number>();
  /** The checksum of the whole that was judged last: its frames stay in view for a while. */
  #judged: string | null = null;

  constructor(scans: Scans, now: () => number = () => performance.now()) {
    this.#scans = scans;
    this.#now = now;
  }

  /** Take what is new among the codes of one picture; returns the id of the scan that began, null for none. */
  async offer(codes: readonly FoundCode[], source: Source = "camera"): Promise<string | null> {
    let begun: string | null = null;
    for (const code of codes) begun = (await this.#offerOne(code.unverified, source)) ?? begun;
    return begun;
  }

  /** Begin the animated code anew, by somebody's wish. */
  restart(): void {
    this.#frames = new FrameCollector();
    this.#judged = null;
    this.progress.set(null);
  }

  async #offerOne(unverified: string | Uint8Array, source: Source): Promise<string | null> {
    if (typeof unverified === "string" && unverified.startsWith("PX1:")) return this.#collect(unverified);
    const { kind } = recognise(unverified, this.#scans.recognition());
    if (kind === "seal" || kind === "sd_jwt") this.#sealAt = this.#now();
    if (kind === "verification_url" && source === "camera" && this.#waits(String(unverified))) return null;
    return this.#isInView(unverified) ? null : this.#scans.take(unverified, source);
  }

  /** Tell whether a verification code has to wait: the seal of the same paper says more, and needs no network. */
  #waits(code: string): boolean {
    const now = this.#now();
    const since = this.#codeSince.get(code) ?? now;
    this.#codeSince.set(code, since);
    return now - since < CODE_WAITS_FOR || now - this.#sealAt < CODE_GIVES_WAY_FOR;
  }

  /** Tell whether a code is still the one that was judged: two papers side by side are each judged once. */
  #isInView(unverified: string | Uint8Array): boolean {
    const name = typeof unverified === "string" ? unverified : unverified.join();
    const now = this.#now();
    const gone = now - (this.#seen.get(name) ?? -Infinity);
    const isInView = gone < (name === this.#last ? LAST_AGAIN_AFTER : OUT_OF_VIEW_FOR);
    for (const [each, at] of this.#seen) if (now - at > LAST_AGAIN_AFTER) this.#seen.delete(each);
    this.#seen.set(name, now);
    if (!isInView) this.#last = name;
    return isInView;
  }

  async #collect(frame: string): Promise<string | null> {
    const checksum = frame.split(":")[2] ?? null;
    if (checksum !== null && checksum === this.#judged) return null;
    const progress = this.#frames.add(frame);
    this.progress.set(progress);
    if (!progress.complete) return null;
    const frames = this.#frames;
    this.#frames = new FrameCollector();
    this.#judged = checksum;
    try {
      return this.#scans.take(await frames.whole(), "phone");
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      this.progress.set({ ...progress, complete: false, last: "differs" });
      return null;
    }
  }
}
