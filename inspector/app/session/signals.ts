/** Sound and vibration of a verdict: three patterns that differ in rhythm and pitch, not in loudness alone. */
import type { Colour } from "../../core/index.ts";
import type { Settings } from "./device.ts";

/** Pitch in hertz, start and length in milliseconds. */
type Tone = readonly [pitch: number, start: number, length: number];

const TONES: Readonly<Record<Colour, readonly Tone[]>> = {
  green: [[880, 0, 110], [1320, 120, 160]],
  amber: [[660, 0, 120], [660, 200, 120]],
  red: [[220, 0, 180], [196, 230, 180], [175, 460, 260]],
};
const VIBRATIONS: Readonly<Record<Colour, number[]>> = {
  green: [60],
  amber: [60, 80, 60],
  red: [180, 90, 180, 90, 180],
};
const LOUDNESS = 0.18;

let audio: AudioContext | null = null;

/** Give the signal of a colour, as far as the settings and the device allow. */
export function signal(colour: Colour, settings: Settings): void {
  if (settings.vibration && "vibrate" in navigator) navigator.vibrate(VIBRATIONS[colour]);
  if (settings.sound && "AudioContext" in globalThis) sound(TONES[colour]);
}

/** Let sound start: browsers allow it from within a tap only. */
export function allowSound(): void {
  if (!("AudioContext" in globalThis)) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
}

function sound(tones: readonly Tone[]): void {
  if (audio === null || audio.state !== "running") return;
  for (const [pitch, start, length] of tones) {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    const from = audio.currentTime + start / 1000;
    const until = from + length / 1000;
    oscillator.frequency.value = pitch;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(LOUDNESS, from + 0.015);
    volume.gain.linearRampToValueAtTime(0, until);
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(from);
    oscillator.stop(until);
  }
}
