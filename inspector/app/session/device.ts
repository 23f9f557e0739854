/** What the screens get from the device: `main.tsx` makes one, every screen asks it, and nothing else. */
import type { Knowledge, KnownInstitution } from "../../core/index.ts";

/** The answer of GET /inspect/api/configuration, as it was last had. */
export interface Configuration {
  operator: string;
  institution: string;
  name: string;
  country: string;
  presets: readonly Preset[];
  verificationHosts: readonly string[];
  languages: readonly string[];
}

/** A question by purpose; `kinds` are the kinds of document that it asks for ("pda1", "ehic", "pid"). */
export interface Preset {
  id: string;
  titles: Readonly<Record<string, string>>;
  kinds: readonly string[];
}

/** What is said about the trust pack in hand; times are epoch seconds. */
export interface PackFacts {
  sequence: number;
  issuedAt: number;
  nextUpdate: number;
  fetchedAt: number;
}

export type Theme = "device" | "light" | "dark" | "strong";
export type Purpose = "inspection" | "care";

export interface Settings {
  language: string;
  /** Country code of the State where the inspector works; empty where it was not chosen. */
  state: string;
  purpose: Purpose;
  theme: Theme;
  sound: boolean;
  vibration: boolean;
  continuous: boolean;
  /** Whether the reason for the camera was read and agreed to. */
  cameraExplained: boolean;
}

export const FIRST_SETTINGS: Settings = {
  language: "",
  state: "",
  purpose: "inspection",
  theme: "device",
  sound: true,
  vibration: true,
  continuous: false,
  cameraExplained: false,
};

export interface PairedDevice {
  device: string;
  name: string;
}

/** One consistent picture of the device; a new object whenever anything in it changed. */
export interface DeviceState {
  configuration: Configuration | null;
  knowledge: Knowledge | null;
  /** The institutions that the trust pack names: for a paper without a code. */
  institutions: readonly KnownInstitution[];
  pack: PackFacts | null;
  /** Seconds by which this device's clock is ahead of the last signed or served time; null where none is known. */
  clockOffset: number | null;
  online: boolean;
  synchronising: boolean;
  /** The code of what went wrong when the device last fetched or read its trust data; empty when nothing did. */
  problem: string;
  paired: PairedDevice | null;
  /** Whether the service said that it does not accept this registration any more. */
  revoked: boolean;
  settings: Settings;
}

export interface Device {
  state(): DeviceState;
  subscribe(listener: () => void): () => void;
  /** The device's own clock in epoch seconds. */
  now(): number;
  synchronise(): Promise<void>;
  saveSettings(settings: Settings): Promise<void>;
  /** Enrol this device. Rejects with ServiceProblem. */
  pair(code: string, name: string): Promise<void>;
  unpair(): Promise<void>;
  /** Ask the service whether it still accepts the registration; `revoked` says so then. */
  confirmRegistration(): Promise<void>;
}
