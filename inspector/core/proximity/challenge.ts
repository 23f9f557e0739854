/**
 * The challenge that an inspector's device shows to a phone nearby, and the rule that it makes for key binding.
 *
 * A way of our own beside OpenID4VP, for two devices without a network; described in docs/proximity.md.
 */

import { CoreError, malformed } from "../errors.ts";
import { unverifiedClaims } from "../jose/jws.ts";
import type { KeyBindingRule } from "../judging/policy.ts";
import { parse } from "../sd_jwt/parse.ts";

export const PROXIMITY_AUDIENCE = "urn:portadoc:proximity:1";
export const CHALLENGE_PREFIX = "PXN1:";
/** The nonce of a presentation that nobody asked for: fresh by its time alone. */
export const UNSOLICITED = "unsolicited";
/** Seconds between the holder's signing and the last frame read. */
export const PROXIMITY_MAX_AGE_S = 120;
export const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHALLENGE = /^[0-9A-HJKMNP-TV-Z]{16}$/;
const RANDOM_BYTES = 10;

/** Return a new challenge of 80 bits: ten random bytes as sixteen letters that people can read out. */
export function newChallenge(randomBytes: Uint8Array): string {
  if (randomBytes.length !== RANDOM_BYTES) throw new RangeError("a challenge takes ten random bytes");
  let bits = randomBytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = "";
  for (let letter = 0; letter < 16; letter += 1) {
    text = (CROCKFORD[Number(bits % 32n)] ?? "") + text;
    bits /= 32n;
  }
  return text;
}

/** Return a challenge as scanned or typed, in canonical letters. Throws challenge_malformed. */
export function readChallenge(text: string): string {
  const entered = text.trim().toUpperCase();
  const plain = entered.startsWith(CHALLENGE_PREFIX) ? entered.slice(CHALLENGE_PREFIX.length) : entered;
  const letters = plain.replace(/[\s-]/g, "");
  if (!CHALLENGE.test(letters)) throw malformed("challenge_malformed", {}, "Proximity");
  return letters;
}

/**
 * Return the rule for a presentation read nearby: the challenge shown, or unsolicited where its holder signed
 * none.
 *
 * What the presentation says of itself is read unverified, and only to choose between two rules that both demand a
 * fresh signature of the holder: the one without a challenge never proves the holder.
 */
export function proximityRule(unverifiedText: string, shownChallenge: string | null): KeyBindingRule {
  const terms = { audience: PROXIMITY_AUDIENCE, maxAgeS: PROXIMITY_MAX_AGE_S };
  const isUnsolicited = shownChallenge === null || unverifiedNonce(unverifiedText) === UNSOLICITED;
  if (isUnsolicited) return { kind: "unsolicited", ...terms };
  return { kind: "required", nonce: shownChallenge, ...terms };
}

function unverifiedNonce(unverifiedText: string): unknown {
  try {
    const { keyBindingJwt } = parse(unverifiedText);
    return keyBindingJwt === null ? undefined : unverifiedClaims(keyBindingJwt)["nonce"];
  } catch (error) {
    if (error instanceof CoreError) return undefined;
    throw error;
  }
}
