/**
 * The inspector's core: reads seals, presentations and codes, and judges them offline.
 *
 * No DOM, no network, no clock: texts, knowledge, policy and time come in, values go out.
 */

export { CoreError } from "./errors.ts";

export type { Json, JsonObject } from "./encoding/strict_json.ts";
export { JsonFloat } from "./encoding/strict_json.ts";
export type { Day } from "./layouts/days.ts";

export type { PackTerms } from "./pack/pack_knowledge.ts";
export { PackKnowledge, openTrustPack } from "./pack/pack_knowledge.ts";
export type { TrustPack } from "./pack/trust_pack.ts";
export { encryptFor } from "./jose/jwe_encrypt.ts";
export type { Knowledge } from "./judging/answers.ts";
export type {
  KeyBindingRefused,
  KeyBindingRequired,
  KeyBindingRule,
  KeyBindingUnsolicited,
  Policy,
  WorkAsked,
} from "./judging/policy.ts";
export { daysOfWork, levelled, workAsked } from "./judging/policy.ts";
export type { Occasion, Purpose } from "./judging/purposes.ts";
export { inspectionPolicy } from "./judging/purposes.ts";
export type { ProtocolProfile } from "./judging/profiles.ts";

export type { Check, Finding, Outcome, Params, StepId } from "./verdict/checks.ts";
export { fullCode } from "./verdict/checks.ts";
export type { Carrier, Judging, Report } from "./verdict/report.ts";
export type { ReviewRequest } from "./verdict/report_json.ts";
export { reportToJson, reviewRequest } from "./verdict/report_json.ts";
export type { Colour, Verdict } from "./verdict/verdict.ts";
export { colourOf } from "./verdict/verdict.ts";

export { verifyPresentation } from "./procedures/presentation.ts";
export { verifySealed } from "./procedures/sealed.ts";

export type {
  LinkFacts,
  LinkFlag,
  Recognised,
  RecognisedFile,
  RecognisedForeign,
  RecognisedFrame,
  RecognisedLink,
  RecognisedNonce,
  RecognisedScript,
  RecognisedSdJwt,
  RecognisedSeal,
  RecognisedText,
  RecognisedVerificationUrl,
  RecogniseOptions,
} from "./recognition/kinds.ts";
export { recognise } from "./recognition/recognise.ts";
export type { FrameKind, FrameProgress } from "./proximity/frames.ts";
export { FRAME_PREFIX, FrameCollector } from "./proximity/frames.ts";
export {
  CHALLENGE_PREFIX,
  PROXIMITY_AUDIENCE,
  PROXIMITY_MAX_AGE_S,
  UNSOLICITED,
  newChallenge,
  proximityRule,
  readChallenge,
} from "./proximity/challenge.ts";

export type {
  KnownInstitution,
  PaperField,
  PaperFinding,
  PaperKind,
  PaperQuestion,
  PaperResult,
  TypedPaper,
} from "./paper/paper.ts";
export { judgePaper } from "./paper/paper.ts";

export { checkRoster, ROSTER_NOTES } from "./findings/roster.ts";
export { type Site, siteKey, siteText } from "./findings/sites.ts";
export type { DeclaredWorker, Roster, RosterCode, RosterFinding, ScannedDocument } from "./findings/roster.ts";
