/** The steps of the procedure, how each can end, and the run that collects one check a step. */

import { CoreError } from "../errors.ts";
import { STEPS } from "../generated/verdict_rules.ts";

export type Param = string | number;
export type Params = Readonly<Record<string, Param>>;

/** How one check ended. Only pass, warning and not_applicable let a presentation through. */
export type Outcome = "pass" | "warning" | "not_applicable" | "unknown" | "fail" | "not_run";

export type StepId = (typeof STEPS)[number][0];

/** The outcome of one step: `code` and `params` select and fill its sentence. */
export interface Check {
  readonly id: StepId;
  readonly outcome: Outcome;
  readonly code: string;
  readonly clause: string;
  readonly params: Params;
}

/** What a judging step found. */
export interface Finding {
  readonly outcome: Outcome;
  readonly code: string;
  readonly params?: Params;
}

/** The steps in order, with the clause that asks for each. */
export type Procedure = readonly (readonly [StepId, string])[];

export const PROCEDURE: Procedure = STEPS;

const LETS_THROUGH: ReadonlySet<Outcome> = new Set(["pass", "warning", "not_applicable"]);

/** Tell whether a check keeps the presentation out. */
export function speaksAgainst(check: Check): boolean {
  return !LETS_THROUGH.has(check.outcome);
}

/** Return the code with its reason, such as `kb_invalid.aud`. */
export function fullCode(check: Check): string {
  const reason = check.params["reason"];
  return reason === undefined || reason === "" ? check.code : `${check.code}.${reason}`;
}

/** An authenticating step failed: nothing after it may be read. */
export class Stopped extends Error {}

/** The checks of one run: an authenticating step that fails stops it, a judging step never does. */
export class Run {
  readonly #procedure: Procedure;
  readonly #checks: Check[] = [];

  constructor(procedure: Procedure = PROCEDURE) {
    this.#procedure = procedure;
  }

  /** Run a step whose failure ends the run; `passed` is the code of one that holds. Throws Stopped. */
  async authenticate<Result>(
    id: StepId,
    step: () => Result | Promise<Result>,
    passed: string = `${id}_ok`,
  ): Promise<Result> {
    try {
      const result = await step();
      this.#add(id, "pass", passed);
      return result;
    } catch (error) {
      this.#fail(id, error);
      throw new Stopped();
    }
  }

  /** Run a step and record what it found; a CoreError that it throws is a failed check. */
  async judge(id: StepId, step: () => Finding | Promise<Finding>): Promise<void> {
    try {
      const { outcome, code, params } = await step();
      this.#add(id, outcome, code, params);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  /** Return the checks, with a not_run check for each step that was not reached. */
  finish(): readonly Check[] {
    for (const [id] of this.#procedure.slice(this.#checks.length)) this.#add(id, "not_run", "step_not_run");
    return this.#checks;
  }

  #fail(id: StepId, error: unknown): void {
    if (!(error instanceof CoreError)) throw error;
    this.#add(id, "fail", error.code, error.params, error.spec);
  }

  #add(id: StepId, outcome: Outcome, code: string, params: Params = {}, clause = ""): void {
    const own = this.#procedure.find((step) => step[0] === id)?.[1] ?? "";
    this.#checks.push({ id, outcome, code, clause: clause || own, params });
  }
}
