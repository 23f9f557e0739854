/** The scans of this session: each has its own id, and what is found out later is bound to that id alone (K08). */
import { CoreError } from "../../core/errors.ts";
import { recognise } from "../../core/recognition/recognise.ts";
import { codeAlone } from "../../core/recognition/verification_code.ts";
import type { Recognised, RecogniseOptions } from "../../core/index.ts";
import { cautionOf, likelyTime } from "./caution.ts";
import { Challenge } from "./challenge.ts";
import type { Device } from "../session/device.ts";
import type { Judgement, Standing } from "./judging.ts";
import { comparable } from "./judging.ts";
import type { Question } from "../session/question.ts";
import { dayAt, maySee, questionOf } from "../session/question.ts";
import { ask, ServiceProblem } from "../session/service.ts";
import { Watch } from "../session/watching.ts";

export type Source = "camera" | "photo" | "file" | "text" | "code" | "phone" | "wallet";
export type Answer = "same" | "different";

/** What came of a scan so far. `told`: nothing to judge, shown as what it is. `hidden`: not for this purpose. */
export type Outcome =
  | { readonly state: "judging" }
  | { readonly state: "judged"; readonly judgement: Judgement }
  | { readonly state: "told" }
  | { readonly state: "second_factor"; readonly problem: string }
  | { readonly state: "which_issuer"; readonly code: string; readonly hosts: readonly string[] }
  | { readonly state: "hidden"; readonly kind: string }
  | { readonly state: "failed"; readonly code: string };

export interface Scan {
  readonly id: string;
  /** Epoch seconds. */
  readonly at: number;
  readonly source: Source;
  readonly recognised: Recognised;
  readonly question: Question;
  readonly outcome: Outcome;
  /** The seal or presentation that was judged; empty where the service judged, or nothing was. */
  readonly judgedText: string;
  /** What this device showed when the scan began, and under which name the service keeps the wallet's answer. */
  readonly nonce: string | null;
  readonly transaction: string | null;
  readonly compared: { readonly answer: Answer; readonly at: number } | null;
  /** The receipt for billing, once it was made. */
  readonly receipt: KeptReceipt | null;
}

/** A receipt, and the number by which is shown of which document it speaks; the service keeps that of a wallet. */
export interface KeptReceipt {
  readonly receipt: string;
  readonly nonce?: string;
}

/** Load what judges: at once when the app is idle, so that no scan waits for it. */
export const procedures = () => import("./procedures.ts");

const MOST_KEPT = 200;
const NOT_SCANNED: Recognised = { kind: "text", unverifiedText: "" };

/** Every scan, the newest first. Kept in memory only: it is gone with the page, by `clear`, and on lock. */
export class Scans extends Watch<readonly Scan[]> {
  readonly #device: Device;
  readonly #settled = new Set<(scan: Scan) => void>();
  /** What this device shows to phones without network. */
  readonly challenge = new Challenge();
  /** The day of treatment that a care desk asks about; empty for today. */
  treatmentDay = "";
  /** Whether that day holds for more than the next scan. */
  treatmentDayPinned = false;
  /** The identifier of the employer in question: of the open visit, or as somebody typed it; empty for none. */
  readonly employer = new Watch("");

  constructor(device: Device) {
    super([]);
    this.#device = device;
  }

  /** Call somebody back with every scan that has its outcome, and again when a person was compared. */
  onSettled(listener: (scan: Scan) => void): () => void {
    this.#settled.add(listener);
    return () => this.#settled.delete(listener);
  }

  find(id: string): Scan | undefined {
    return this.state().find((scan) => scan.id === id);
  }

  /** Return by what a text is recognised: the hosts whose verification codes are asked for. */
  recognition(): RecogniseOptions {
    return { verificationHosts: this.#device.state().configuration?.verificationHosts ?? [] };
  }

  /** Begin a scan of what was read and return its id at once; its outcome follows. */
  take(unverified: string | Uint8Array, source: Source): string {
    const code = typeof unverified === "string" ? codeAlone(unverified) : null;
    const hosts = code === null ? [] : (this.recognition().verificationHosts ?? []);
    const [only] = hosts;
    if (code !== null && hosts.length > 1) {
      return this.#begin(NOT_SCANNED, source, { state: "which_issuer", code, hosts }).id;
    }
    const read = code !== null && only !== undefined ? addressOf(code, only) : unverified;
    const scan = this.#begin(recognise(read, this.recognition()), source, { state: "judging" });
    if (scan.recognised.kind === "sd_jwt" && scan.recognised.bound) this.challenge.answered();
    void this.#settle(scan.id, () => this.#outcomeOf(scan));
    return scan.id;
  }

  /** Add what the service found of a wallet's answer. */
  answered(judgement: Judgement, transaction: string, receipt: string | null): string {
    const scan = this.#begin(NOT_SCANNED, "wallet", shown(judgement));
    const kept = receipt === null ? null : { receipt };
    this.#change(scan.id, { question: judgement.question, transaction, receipt: kept });
    this.#tell(scan.id);
    return scan.id;
  }

  /** Say at whom a code that was typed alone is looked up. */
  chooseIssuer(id: string, host: string): void {
    const scan = this.find(id);
    if (scan?.outcome.state !== "which_issuer") return;
    const recognised = recognise(addressOf(scan.outcome.code, host), this.recognition());
    this.#change(id, { recognised, outcome: { state: "second_factor", problem: "" } });
  }

  /** Ask the issuer, through the service, for the seal behind a verification code, and judge it here. */
  async giveSecondFactor(id: string, second: string): Promise<void> {
    const scan = this.find(id);
    if (scan === undefined || scan.recognised.kind !== "verification_url") return;
    const url = scan.recognised.unverifiedText;
    await this.#settle(id, async () => {
      try {
        const answer = await ask<{ seal: string }>("codes", { method: "POST", body: { url, second } });
        const outcome = shown(
          await (await procedures()).judgeSeal(answer.seal, scan.question, this.#standing(null)),
        );
        this.#change(id, { judgedText: answer.seal });
        return outcome;
      } catch (error) {
        if (error instanceof ServiceProblem) return { state: "second_factor", problem: error.code };
        throw error;
      }
    });
  }

  /** Record that the person was compared with their identity document. */
  compare(id: string, answer: Answer): void {
    const outcome = this.find(id)?.outcome;
    if (outcome?.state !== "judged" || !comparable(outcome.judgement)) return;
    this.#change(id, { compared: { answer, at: this.#device.now() } });
    this.#tell(id);
  }

  keepReceipt(id: string, receipt: KeptReceipt): void {
    this.#change(id, { receipt });
  }

  /** Forget everything. */
  clear(): void {
    this.treatmentDay = "";
    this.treatmentDayPinned = false;
    this.employer.set("");
    this.challenge.hide();
    this.set([]);
  }

  #begin(recognised: Recognised, source: Source, outcome: Outcome): Scan {
    const at = this.#device.now();
    const today = this.treatmentDay === "" ? dayAt(likelyTime(this.#device.state(), at)) : this.treatmentDay;
    const question = questionOf(this.#device.state().settings, today, this.employer.state());
    const isJudged = recognised.kind === "seal" || recognised.kind === "sd_jwt";
    const scan: Scan = {
      id: crypto.randomUUID(),
      at,
      source,
      recognised,
      question,
      outcome,
      judgedText: isJudged ? recognised.unverifiedText : "",
      nonce: this.challenge.state(),
      transaction: null,
      compared: null,
      receipt: null,
    };
    if (!this.treatmentDayPinned) this.treatmentDay = "";
    this.set([scan, ...this.state()].slice(0, MOST_KEPT));
    return scan;
  }

  async #settle(id: string, work: () => Promise<Outcome>): Promise<void> {
    // Whoever was compared was compared by what is judged anew now.
    this.#change(id, { outcome: { state: "judging" }, compared: null });
    let outcome: Outcome;
    try {
      outcome = await work();
    } catch (error) {
      outcome = { state: "failed", code: error instanceof CoreError ? error.code : "internal" };
    }
    this.#change(id, { outcome });
    this.#tell(id);
  }

  async #outcomeOf({ recognised, question, nonce }: Scan): Promise<Outcome> {
    const { judgePresentation, judgeSeal } = await procedures();
    switch (recognised.kind) {
      case "seal":
        return shown(await judgeSeal(recognised.unverifiedText, question, this.#standing(null)));
      case "sd_jwt":
        return shown(
          await judgePresentation(recognised.unverifiedText, recognised.bound, question, this.#standing(nonce)),
        );
      case "verification_url":
        return { state: "second_factor", problem: "" };
      default:
        return { state: "told" };
    }
  }

  #standing(shownNonce: string | null): Standing {
    const state = this.#device.state();
    const { knowledge, pack } = state;
    if (knowledge === null) throw new CoreError("pack_missing");
    const now = this.#device.now();
    const packAsOf = pack?.issuedAt ?? null;
    return { knowledge, now: likelyTime(state, now), caution: cautionOf(state, now), packAsOf, shownNonce };
  }

  #change(id: string, change: Partial<Scan>): void {
    this.set(this.state().map((scan) => (scan.id === id ? { ...scan, ...change } : scan)));
  }

  #tell(id: string): void {
    const scan = this.find(id);
    if (scan !== undefined) for (const listener of this.#settled) listener(scan);
  }
}

/** Return the address of a verification code at a host; on this machine alone it may be without encryption. */
function addressOf(code: string, host: string): string {
  const isHere = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
  return `${isHere ? "http" : "https"}://${host}/v/${code}`;
}

/** Return the judgement as an outcome; a document that the purpose may not see is kept back whole. */
function shown(judgement: Judgement): Outcome {
  const strange = judgement.reports.find(
    (report) => report.kind !== null && !maySee(judgement.question.purpose, report.kind),
  );
  if (strange !== undefined) return { state: "hidden", kind: strange.kind ?? "" };
  return { state: "judged", judgement };
}
