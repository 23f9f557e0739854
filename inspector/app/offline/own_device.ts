/** The device that the app runs on: its clock, its trust pack, its registration, and what the person chose. */
import { CoreError } from "../../core/errors.ts";
import type { Device, DeviceState, PackFacts, PairedDevice, Settings } from "../session/device.ts";
import { FIRST_SETTINGS } from "../session/device.ts";
import { ask, ServiceProblem } from "../session/service.ts";
import { Watch } from "../session/watching.ts";
import type { ClockMemory } from "./clock.ts";
import { DeviceClock } from "./clock.ts";
import { keepConfiguration, keptConfiguration, packOrigin, servedConfiguration } from "./configuration.ts";
import type { ServedConfiguration } from "./configuration.ts";
import type { InspectorDatabase, StoredPack } from "./database.ts";
import type { Lock } from "./lock.ts";
import type { HeldPack } from "./pack_sync.ts";

/** How often a connected device asks for a newer pack. */
export const SYNCHRONISE_EVERY_S = 10 * 60;
const CLOCK_NEWS_S = 60;
const FAREWELL_MS = 10_000;

/** The part of the app that reads packs: the first screen does not wait for it. */
const packs = (): Promise<typeof import("./pack_sync.ts")> => import("./pack_sync.ts");

/** What the service told about this device when it was registered. */
export interface Registration extends PairedDevice {
  /** The public key (JWK) to which entries of visits are encrypted. */
  readonly encryptionKey: JsonWebKey;
  /** Of open visits from before this registration: the key to which they were begun, and are gone on with. */
  readonly earlier?: Readonly<Record<string, JsonWebKey>>;
  /** Set once the person signed out: from then on it serves to send what waits, and for nothing else. */
  readonly leaving?: true;
}

const BARE: DeviceState = {
  configuration: null,
  knowledge: null,
  institutions: [],
  pack: null,
  clockOffset: null,
  online: true,
  synchronising: false,
  problem: "",
  paired: null,
  revoked: false,
  settings: FIRST_SETTINGS,
};

export class OwnDevice extends Watch<DeviceState> implements Device {
  readonly #database: InspectorDatabase;
  readonly #lock: Lock;
  readonly #clock: DeviceClock;
  #registration: Registration | null = null;
  #running: Promise<void> | null = null;
  #stop = new AbortController();
  #recalled: Promise<void> = Promise.resolve();

  private constructor(database: InspectorDatabase, lock: Lock, clock: DeviceClock) {
    super({ ...BARE, online: navigator.onLine });
    this.#database = database;
    this.#lock = lock;
    this.#clock = clock;
  }

  /** Return the device with all that it has kept; nothing is asked of the network. */
  static async open(database: InspectorDatabase, lock: Lock): Promise<OwnDevice> {
    const [memory, chosen, registration] = await Promise.all(
      ["clock", "preferences", "paired"].map((key) => database.get("settings", key)),
    );
    const device = new OwnDevice(database, lock, new DeviceClock(memory as ClockMemory | undefined));
    device.#registration = (registration as Registration | undefined) ?? null;
    device.#change({
      settings: { ...FIRST_SETTINGS, ...(chosen as Partial<Settings> | undefined) },
      paired: device.#inUse(),
    });
    device.#recalled = device.#recall(); // the first screen does not wait for it
    return device;
  }

  /** Synchronise now, whenever the network or the person comes back, and every few minutes. */
  keepSynchronised(): void {
    addEventListener("online", () => void this.synchronise());
    this.#lock.subscribe(() => {
      if (!this.#lock.state().locked) void this.synchronise();
    });
    addEventListener("offline", () => this.#change({ online: false }));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.synchronise();
    });
    setInterval(() => void this.synchronise(), SYNCHRONISE_EVERY_S * 1000);
    void this.synchronise();
  }

  /** The picture of this moment: what is known against the clock may have changed since the last one. */
  override state(): DeviceState {
    const held = super.state();
    const offset = this.#clock.offset();
    if (isSame(held.clockOffset, offset)) return held;
    super.set({ ...held, clockOffset: offset });
    return super.state();
  }

  now(): number {
    return this.#clock.now();
  }

  /** The key to which entries of a visit are encrypted; null on a device that is not registered. */
  encryptionKey(visit: string): JsonWebKey | null {
    const registration = this.#inUse();
    return registration?.earlier?.[visit] ?? registration?.encryptionKey ?? null;
  }

  async synchronise(): Promise<void> {
    if (!navigator.onLine || this.#lock.state().by === "logout") {
      this.#change({ online: navigator.onLine });
      return;
    }
    this.#running ??= this.#synchronised().finally(() => (this.#running = null));
    await this.#running;
  }

  async saveSettings(settings: Settings): Promise<void> {
    this.#change({ settings });
    await this.#database.put("settings", settings, "preferences");
  }

  /**
   * Register, also in place of a registration that was revoked: what waits is sent with the new one. Rejects with
   * ServiceProblem: "entries_waiting" while something waits that the registration before can still send.
   */
  async pair(code: string, name: string): Promise<void> {
    await this.finishLeaving();
    if (this.#registration?.leaving === true) {
      await this.confirmRegistration();
      if (!this.state().revoked) throw new ServiceProblem("entries_waiting", 0);
    }
    const before = this.#registration;
    const made = await ask<Registration>("devices", { method: "POST", body: { code, name } });
    this.#registration = before === null ? made : { ...made, earlier: await this.#keysOfVisits(before) };
    await this.#database.put("settings", this.#registration, "paired");
    this.#change({ paired: this.#registration, revoked: false });
  }

  async #keysOfVisits(before: Registration): Promise<Record<string, JsonWebKey>> {
    const [entries, left] = await Promise.all([this.#database.getAll("visits"), this.#database.getAll("left")]);
    const visits = new Set([...entries, ...left].map(({ visit }) => visit));
    return Object.fromEntries([...visits].map((each) => [each, before.earlier?.[each] ?? before.encryptionKey]));
  }

  async confirmRegistration(): Promise<void> {
    if (this.#registration === null) return;
    try {
      await ask("devices/self");
      this.#change({ revoked: false });
    } catch (error) {
      if (error instanceof ServiceProblem && error.code === "device_unknown") this.#change({ revoked: true });
    }
  }

  /** Log out. What the service has not acknowledged keeps the registration: it could not be sent without. */
  async unpair(): Promise<void> {
    this.#stop.abort(); // the wipe waits for no network
    await this.#running;
    const waiting = await this.#lock.logOut();
    this.set({ ...BARE, online: navigator.onLine, settings: this.state().settings });
    if (waiting === 0 || this.#registration === null) return this.#deregister();
    this.#registration = { ...this.#registration, leaving: true };
    await this.#database.put("settings", this.#registration, "paired");
  }

  /** End a registration that was kept for what waited, once nothing waits any more. */
  async finishLeaving(): Promise<void> {
    if (this.#registration?.leaving !== true) return;
    if ((await this.#database.count("outbox")) === 0) await this.#deregister();
  }

  async #deregister(): Promise<void> {
    this.#registration = null;
    await this.#database.delete("settings", "paired");
    const signal = AbortSignal.timeout(FAREWELL_MS);
    await ask("devices/self", { method: "DELETE", signal }).catch(() => undefined); // wiped here, connected or not
  }

  #inUse(): Registration | null {
    return this.#registration?.leaving === true ? null : this.#registration;
  }

  async #recall(): Promise<void> {
    const configuration = await keptConfiguration(this.#database);
    if (configuration === null) return;
    this.#change({ configuration });
    try {
      const { keptPack } = await packs();
      this.#hold(await keptPack(this.#database, packOrigin(configuration), this.#clock));
    } catch (error) {
      // Altered on the device: as if there were none, until the next is fetched.
      this.#change({ problem: codeOf(error) });
    }
  }

  async #synchronised(): Promise<void> {
    await this.#recalled;
    this.#change({ synchronising: true, online: true });
    const { signal } = (this.#stop = new AbortController());
    try {
      const configuration = await this.#configuration(signal);
      const origin = packOrigin(configuration);
      const { fetchPack, keptPack } = await packs();
      const newer = await fetchPack(this.#database, origin, this.#clock, signal);
      this.#hold(newer ?? (await keptPack(this.#database, origin, this.#clock)));
      await this.#database.put("settings", this.#clock.memory(), "clock");
      if (this.#inUse() !== null) await this.confirmRegistration();
      this.#change({ problem: "" });
    } catch (error) {
      this.#change({ problem: codeOf(error) });
    } finally {
      this.#change({ synchronising: false });
    }
  }

  /** Ask for the configuration, and set our clock against the time that stands in it. */
  async #configuration(signal: AbortSignal): Promise<ServedConfiguration> {
    const asked = this.#clock.reading();
    const served = await servedConfiguration(signal);
    this.#clock.served(served.serverTime, asked);
    await keepConfiguration(this.#database, served);
    await this.#database.put("settings", this.#clock.memory(), "clock");
    this.#change({ configuration: served });
    return served;
  }

  #hold(found: HeldPack | null): void {
    if (found === null) return;
    this.#change({
      knowledge: found.knowledge,
      institutions: found.institutions,
      pack: factsOf(found.stored),
    });
  }

  #change(changed: Partial<DeviceState>): void {
    this.set({ ...this.state(), ...changed });
  }
}

/** While a clock is wrong, by how much changes with every second; that alone is no news. */
function isSame(known: number | null, offset: number | null): boolean {
  if (known === null || offset === null) return known === offset;
  return Math.abs(known - offset) < CLOCK_NEWS_S;
}

function factsOf(stored: StoredPack): PackFacts {
  return { sequence: stored.sequence, issuedAt: stored.asOf, nextUpdate: stored.exp, fetchedAt: stored.fetchedAt };
}

const codeOf = (error: unknown): string =>
  error instanceof CoreError || (error instanceof Error && "code" in error && typeof error.code === "string")
    ? String(error.code)
    : "unexpected";
