/**
 * The one error of the core. A family says what the caller can do; the code says what happened.
 *
 * Codes, reasons and parameters are those of the Python verifier. `params` fill the sentences of a code and are
 * shown: they never carry a claim value, a token or a key.
 */

export type ErrorFamily = "malformed" | "untrusted" | "refused" | "conflict" | "unavailable" | "misconfigured";
export type Params = Readonly<Record<string, string | number>>;

export class CoreError extends Error {
  readonly family: ErrorFamily;
  readonly code: string;
  readonly params: Params;
  readonly spec: string;

  constructor(code: string, params: Params = {}, family: ErrorFamily = "refused", spec = "") {
    super(params["reason"] === undefined ? code : `${code} (${params["reason"]})`);
    this.name = "CoreError";
    this.family = family;
    this.code = code;
    this.params = params;
    this.spec = spec;
  }

  /** The parameter `reason`, empty when the code has none. */
  get reason(): string {
    return String(this.params["reason"] ?? "");
  }
}

/** The bytes do not have the form that the specification asks for. */
export function malformed(code: string, params: Params = {}, spec = ""): CoreError {
  return new CoreError(code, params, "malformed", spec);
}

/** A signature, chain, digest or binding does not hold. */
export function untrusted(code: string, params: Params = {}, spec = ""): CoreError {
  return new CoreError(code, params, "untrusted", spec);
}

/** A rule or policy said no. */
export function refused(code: string, params: Params = {}, spec = ""): CoreError {
  return new CoreError(code, params, "refused", spec);
}

/** The thing is expired, already used or in the wrong state. */
export function conflict(code: string, params: Params = {}, spec = ""): CoreError {
  return new CoreError(code, params, "conflict", spec);
}

/** The operator has to mend a setting, a key or a file. */
export function misconfigured(code: string, params: Params = {}, spec = ""): CoreError {
  return new CoreError(code, params, "misconfigured", spec);
}

const RETOLD: ReadonlySet<ErrorFamily> = new Set(["malformed", "untrusted", "refused", "conflict"]);

/**
 * Return the fault of an inner step under the code of what was being read: inner code as `reason`, inner reason as
 * `detail`. `limit_exceeded`, `code` itself and what is no refusal of bytes come back as they are.
 */
export function toldAs(code: string, error: unknown): unknown {
  if (!(error instanceof CoreError) || !RETOLD.has(error.family)) return error;
  if (error.code === code || error.code === "limit_exceeded") return error;
  const { reason, ...others } = error.params;
  const detail = reason === undefined ? {} : { detail: reason };
  return untrusted(code, { ...others, ...detail, reason: error.code }, error.spec);
}
