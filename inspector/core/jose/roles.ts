/**
 * The roles that a signed token can play: `typ` keeps them apart, so that none passes for another. RFC 8725 §3.11.
 */

export interface TokenRole {
  readonly name: string;
  readonly typ: string;
  readonly headerParams: ReadonlySet<string>;
  readonly maxBytes: number;
}

function role(name: string, typ: string, moreParams: string, maxBytes = 16 * 1024): TokenRole {
  return { name, typ, headerParams: new Set(["alg", "typ", ...moreParams.split(" ")]), maxBytes };
}

export const CREDENTIAL = role("credential", "dc+sd-jwt", "kid x5c", 256 * 1024);
/** For the profile eudi-2026, which asks for `x5u`; it is never fetched. ETSI TS 119 472-1 §5.6. */
export const CREDENTIAL_WITH_X5U = role("credential", "dc+sd-jwt", "kid x5c x5u x5t#S256", 256 * 1024);
export const KEY_BINDING = role("key_binding", "kb+jwt", "kid");
export const STATUS_LIST = role("status_list", "statuslist+jwt", "kid x5c", 2 * 1024 * 1024);
export const WITHDRAWAL_LIST = role("withdrawal_list", "withdrawals+jwt", "kid x5c", 4 * 1024 * 1024);
export const RECEIPT = role("receipt", "verification-receipt+jwt", "x5c");
