/** What a scanned code, a pasted text or a file can be. Nothing here was verified; nothing here was opened. */

/** Something about a link that a person has to see before anybody thinks of opening it. */
export type LinkFlag =
  "userinfo" | "punycode" | "mixed_script" | "not_https" | "ip_address" | "port" | "look_alike";

/** A link taken apart for showing; it is never opened by us, and never the verdict. */
export interface LinkFacts {
  /** The host in full, as the network reads it (punycode where it has letters beyond ASCII). */
  readonly host: string;
  /** The host with its letters, where they differ from `host`. */
  readonly unicodeHost: string;
  readonly flags: readonly LinkFlag[];
}

interface Read<Kind extends string> {
  readonly kind: Kind;
  /** The text as it was read, trimmed; shown as text only. */
  readonly unverifiedText: string;
}

/** The printed seal: judge it by `verifySealed`. */
export type RecognisedSeal = Read<"seal">;
/** One frame of an animated code: give it to a FrameCollector. */
export type RecognisedFrame = Read<"frame">;
/** A presentation: judge it by `verifyPresentation`. `bound` tells whether a holder signed it. */
export interface RecognisedSdJwt extends Read<"sd_jwt"> {
  readonly bound: boolean;
}
/** A verification code at a host of the allow-list: ask for the seal behind it, judge that. */
export interface RecognisedVerificationUrl extends Read<"verification_url">, LinkFacts {
  /** In canonical letters, without hyphens, check character included. */
  readonly code: string;
  readonly origin: string;
  /** Whether the check character fits; a code that does not is mistyped or made up. */
  readonly codeFits: boolean;
}
export type RecognisedNonce = Read<"proximity_nonce"> & { readonly nonce: string };
/** A code of another system: `facts` is what can be read of it without any key; none of it is verified. */
export interface RecognisedForeign extends Read<
  "two_d_doc" | "vds" | "vds_nc" | "hc1" | "shc" | "mdoc" | "jwt" | "openid4vp" | "credential_offer"
> {
  readonly unverifiedFacts: Readonly<Record<string, string>>;
}
export interface RecognisedLink extends Read<"link">, LinkFacts {}
/** A text that some device would run or open by another app: shown as text, never run. */
export type RecognisedScript = Read<"script"> & { readonly scheme: string };
export type RecognisedText = Read<"text">;
/** Bytes that are no text of ours: `mime` is by their first bytes. */
export interface RecognisedFile {
  readonly kind: "pdf" | "image" | "binary";
  readonly mime: string;
  readonly unverifiedText: "";
}

export type Recognised =
  | RecognisedSeal
  | RecognisedFrame
  | RecognisedSdJwt
  | RecognisedVerificationUrl
  | RecognisedNonce
  | RecognisedForeign
  | RecognisedLink
  | RecognisedScript
  | RecognisedText
  | RecognisedFile;

export interface RecogniseOptions {
  /** Hosts whose verification codes we ask for, such as "issuer.example"; compared letter by letter. */
  readonly verificationHosts?: readonly string[];
}
