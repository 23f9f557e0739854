/** Operations on whole procedures: presentations and seals judged, codes recognised, rosters checked. */

import { type Bytes, hex, utf8 } from "../../../inspector/core/encoding/bytes.ts";
import * as strictJson from "../../../inspector/core/encoding/strict_json.ts";
import { CoreError, untrusted } from "../../../inspector/core/errors.ts";
import { PROFILES, SIGNATURE_ALGORITHMS } from "../../../inspector/core/generated/catalogue.ts";
import {
  FrameCollector, type Judging, type Knowledge, PackKnowledge, type Policy, checkRoster, inspectionPolicy, judgePaper,
  openTrustPack, proximityRule, recognise, reportToJson, siteKey, siteText, verifyPresentation, verifySealed, workAsked,
} from "../../../inspector/core/index.ts";
import { LATEST } from "../../../inspector/core/jose/numeric_date.ts";
import { matchesIntegrity, resolveTypeMetadata } from "../../../inspector/core/pack/type_metadata.ts";
import { type HeldStatusList, type StatusAnswer, notKnown, statusAnswer } from "../../../inspector/core/status/answers.ts";
import { believeStatusList, believeWithdrawalList } from "../../../inspector/core/status/believing.ts";
import { DEFAULT_LIMITS } from "../../../inspector/core/status/status_list.ts";
import type { StatusReference } from "../../../inspector/core/status/statuses.ts";
import { trustFromJson } from "../../../inspector/core/trust/trust_file.ts";
import type { TrustStore } from "../../../inspector/core/trust/trust_store.ts";
import type { Operations, Question } from "../harness.ts";

const SKEW_S = 60;

function bytes(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function json(value: unknown): strictJson.Json {
  return strictJson.loads(JSON.stringify(value), { what: "question", maxBytes: 64 * 1024 * 1024 });
}

/** Return a member of that name, never what every object has. */
function ownOf<Value>(members: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

interface HeldList {
  readonly uri: string;
  readonly text: string;
  readonly resolvedAt: number;
  readonly withdrawals?: string;
}

/** What a test holds: trust, lists, type metadata and signers as values, without a pack around them. */
class HeldKnowledge implements Knowledge {
  readonly sequence = 0;
  readonly #trust: TrustStore;
  readonly #question: Question;

  constructor(trust: TrustStore, question: Question) {
    this.#trust = trust;
    this.#question = question;
  }

  resolveChain: Knowledge["resolveChain"] = (chain, asked) => this.#trust.resolveChain(chain, asked);
  resolve: Knowledge["resolve"] = (chain, asked) => this.#trust.resolve(chain, asked);

  webIssuer(issuer: string): ReturnType<Knowledge["webIssuer"]> {
    return this.#trust.webIssuer(issuer) ?? null;
  }

  async chains(keyId: Bytes): Promise<readonly (readonly Bytes[])[]> {
    const found: readonly (readonly string[])[] = this.#question["signers"]?.[hex(keyId)] ?? [];
    if (found.length === 0) throw untrusted("issuer_untrusted", { reason: "signer_unknown" });
    return found.map((chain) => chain.map(bytes));
  }

  async status(reference: StatusReference, asked: { institution: string; now: number }): Promise<StatusAnswer> {
    const { lists = [], blocked = {} } = this.#question;
    const list = lists.find((each: HeldList) => each.uri === reference.uri) as HeldList | undefined;
    const [code, reason] = ownOf(blocked, reference.uri) ?? ["status_unavailable", "not_held"];
    if (list === undefined) return notKnown(code, reason);
    const held = await this.#believed(list);
    return "code" in held ? notKnown(held.code, held.reason) : statusAnswer(held, reference, { ...asked, skewS: SKEW_S });
  }

  /** Return a list whatever its own times, which are judged later; or why it cannot be believed. */
  async #believed(list: HeldList): Promise<HeldStatusList | { code: string; reason: string }> {
    const terms = { trust: this.#trust, now: this.#question["now"], skewS: LATEST };
    try {
      const found = await believeStatusList(list.text, { ...terms, uri: list.uri, limits: DEFAULT_LIMITS });
      const records = list.withdrawals === undefined
        ? new Map()
        : (await believeWithdrawalList(list.withdrawals, { ...terms, statusList: found })).withdrawals;
      return { token: found.token, speaksFor: found.speaksFor, resolvedAt: list.resolvedAt, withdrawals: records };
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      return { code: "status_invalid", reason: error.reason };
    }
  }

  async typeMetadata(vct: string, pin: string): ReturnType<Knowledge["typeMetadata"]> {
    return resolveTypeMetadata(vct, pin, async (type, expected) => {
      for (const text of this.#editions(type)) {
        if (expected === null || (await matchesIntegrity(utf8(text), expected))) return utf8(text);
      }
      return null;
    });
  }

  knowsType(vct: string): boolean {
    return this.#editions(vct).length > 0;
  }

  #editions(vct: string): readonly string[] {
    return ownOf(this.#question["types"] ?? {}, vct) ?? [];
  }
}

const held = new Map<string, HeldKnowledge>();
const policies = new Map<string, Policy>();

function policyOf(asked: Question): Policy {
  const profile = PROFILES[asked["profile"]];
  if (profile === undefined) throw new Error("no such profile");
  return {
    policyId: asked["policyId"] ?? "test",
    acceptedTypes: new Set(asked["acceptedTypes"]),
    keyBinding: asked["keyBinding"],
    statusRequired: asked["statusRequired"],
    profile,
    onDate: asked["onDate"],
    clockSkewS: asked["clockSkewS"] ?? SKEW_S,
    allowedAlgs: new Set(SIGNATURE_ALGORITHMS),
    ...(asked["work"] ? { work: workAsked(asked["work"]) } : {}),
    ...(asked["maxStatusAgeS"] === undefined ? {} : { maxStatusAgeS: asked["maxStatusAgeS"] }),
  };
}

function judging({ knowledge, policy, now }: Question): Judging {
  const found = held.get(knowledge);
  const chosen = policies.get(policy);
  if (found === undefined || chosen === undefined) throw new Error("held and policy come first");
  return { knowledge: found, policy: chosen, now };
}

export const operations: Operations = {
  /** Keep what a test knows under a name, for the questions after it. */
  hold: async (question) => {
    held.set(question["knowledge"], new HeldKnowledge(await trustFromJson(json(question["trust"])), question));
  },
  decide: (question) => {
    policies.set(question["policy"], policyOf(question));
  },
  judge_presentation: async (question) => reportToJson(await verifyPresentation(question["text"], judging(question))),
  judge_seal: async (question) => reportToJson(await verifySealed(question["text"], judging(question))),
  /** All that a device does offline: a pack is opened, and a presentation judged by it alone. */
  judge_by_pack: async ({ raw, pins, operator, now, text, policy }) => {
    const terms = { pins: pins.map(bytes), operator, at: now, newestSequence: 0 };
    const knowledge = new PackKnowledge(await openTrustPack(bytes(raw), terms));
    const chosen = policies.get(policy);
    if (chosen === undefined) throw new Error("the policy comes first");
    const report = await verifyPresentation(text, { knowledge, policy: chosen, now });
    return { ...reportToJson(report), pack_sequence: report.packSequence };
  },
  recognise: ({ text, raw, hosts }) => recognise(text ?? bytes(raw), { verificationHosts: hosts ?? [] }),
  frames: async ({ texts }) => {
    const collector = new FrameCollector();
    const told = texts.map((text: string) => collector.add(text));
    return { told, whole: await collector.whole() };
  },
  proximity_rule: ({ text, shown }) => proximityRule(text, shown),
  inspection_policy: (question) => {
    const { acceptedTypes, statusRequired, maxStatusAgeS } = inspectionPolicy(question as never);
    return { acceptedTypes, statusRequired, maxStatusAgeS };
  },
  check_roster: ({ roster }) => checkRoster(roster),
  sites: ({ sites }) => sites.map(siteText).map((text: string) => ({ text, key: siteKey(text) })),
  judge_paper: ({ typed, question }) => judgePaper(typed, question),
};
