/** Lock and log out: whatever is readable and about somebody leaves the device (K10).
 *
 * What the service has not acknowledged stays as ciphertext, which this device itself cannot read.
 */
import { Watch } from "../session/watching.ts";
import { wipeAll, wipeReadable } from "./database.ts";
import type { InspectorDatabase } from "./database.ts";

/** Seconds without a touch after which the device locks itself. */
export const IDLE_S = 5 * 60;
const LOOK_EVERY_MS = 5_000;
const NOTE_EVERY_S = 15;
const TOUCHES = ["pointerdown", "keydown", "touchstart", "wheel"] as const;

export interface LockState {
  readonly locked: boolean;
  readonly by: "nobody" | "person" | "idleness" | "logout";
}

const OPEN: LockState = { locked: false, by: "nobody" };

/** Locks by hand, after idleness, with every other tab, and at a start long after the last touch. */
export class Lock extends Watch<LockState> {
  readonly #database: InspectorDatabase;
  readonly #idleS: number;
  readonly #tabs = new BroadcastChannel("portadoc-lock");
  readonly #forgotten = new Set<() => void>();
  readonly #wiped = new Set<() => void>();
  #touched = seconds();
  #noted = 0;

  constructor(database: InspectorDatabase, idleS: number = IDLE_S) {
    super(OPEN);
    this.#database = database;
    this.#idleS = idleS;
    this.#tabs.addEventListener("message", (event) => this.#hide(event.data as LockState["by"]));
  }

  /** Begin to watch; before anything is shown, wipe what an earlier start left and nobody touched since. */
  async start(): Promise<void> {
    const before = await this.#database.get("settings", "touched");
    const left = await this.#database.getAll("left");
    const visits = (await this.#database.count("visits")) + left.filter(({ resumed }) => resumed).length;
    const isOld = typeof before !== "number" || Math.abs(seconds() - before) > this.#idleS;
    if (visits > 0 && isOld) await this.lock("idleness");
    for (const kind of TOUCHES) addEventListener(kind, () => this.#touch(), { passive: true });
    setInterval(() => void this.#look(), LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", () => void this.#look());
    this.#touch();
  }

  /** Call somebody when the device locks, so that what is in memory goes too. */
  onForget(forget: () => void): void {
    this.#forgotten.add(forget);
  }

  /** Call somebody once a lock has wiped what is readable: what it left can be read now. */
  onWiped(reread: () => void): void {
    this.#wiped.add(reread);
  }

  /** Wipe what is readable and hide every screen, in every tab. */
  async lock(by: "person" | "idleness" = "person"): Promise<void> {
    this.#hide(by);
    this.#tabs.postMessage(by);
    await wipeReadable(this.#database);
    for (const reread of this.#wiped) reread();
  }

  /** Show the screens again: there is nothing on them that was there before. */
  unlock(): void {
    this.#touched = seconds();
    this.set(OPEN);
  }

  /** Wipe everything that the service does not wait for; return how many entries it still waits for. */
  async logOut(): Promise<number> {
    this.#hide("logout");
    this.#tabs.postMessage("logout");
    return wipeAll(this.#database);
  }

  #hide(by: LockState["by"]): void {
    for (const forget of this.#forgotten) forget();
    this.set({ locked: true, by });
  }

  #touch(): void {
    this.#touched = seconds();
    if (this.state().locked || this.#touched - this.#noted < NOTE_EVERY_S) return;
    this.#noted = this.#touched;
    void this.#database.put("settings", this.#touched, "touched");
  }

  async #look(): Promise<void> {
    if (!this.state().locked && seconds() - this.#touched > this.#idleS) await this.lock("idleness");
  }
}

const seconds = (): number => Math.floor(Date.now() / 1000);
