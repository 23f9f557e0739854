/** Written by `make docs` from the Python tables; changes belong there. */

/** The steps in order, with the clause that asks for each. */
export const STEPS = [
  ["structure", "RFC 9901 §4"],
  ["header", "SD-JWT VC §2.2.1"],
  ["trust_chain", "HAIP 1.0 §6.1.1"],
  ["signature", "RFC 9901 §7.1"],
  ["disclosures", "RFC 9901 §7.1"],
  ["authorisation", "SD-JWT VC §2.5"],
  ["type", "SD-JWT VC §2.2.2.1"],
  ["key_binding", "RFC 9901 §7.3"],
  ["content", "SD-JWT VC §2.2.2"],
  ["status", "Token Status List §8.3"],
  ["technical_validity", "RFC 7519 §4.1"],
  ["document_validity", "DC4EU common rulebook §2.7"],
  ["coverage_period", "DC4EU common rulebook §2.7"],
  ["covers_work", "Regulation (EC) 883/2004 Title II"],
] as const;

/** The same steps for a seal, with clauses of their own. */
export const SEAL_STEPS = [
  ["structure", "Seal §2"],
  ["header", "RFC 9052 §3"],
  ["trust_chain", "Seal §5"],
  ["signature", "RFC 9052 §4.4"],
  ["disclosures", "Seal §4"],
  ["authorisation", "Seal §5"],
  ["type", "Seal §4"],
  ["key_binding", "Seal §6"],
  ["content", "Seal §4"],
  ["status", "Token Status List §8.3"],
  ["technical_validity", "RFC 8392 §3.1"],
  ["document_validity", "DC4EU common rulebook §2.7"],
  ["coverage_period", "DC4EU common rulebook §2.7"],
  ["covers_work", "Regulation (EC) 883/2004 Title II"],
] as const;

/** Colour and code of the sentence of each verdict. */
export const TOLD = {
  authentic_in_force: {"colour": "green", "code": "verdict_authentic_in_force"},
  applied_not_decided: {"colour": "amber", "code": "verdict_applied_not_decided"},
  status_not_known: {"colour": "amber", "code": "verdict_status_not_known"},
  period_not_shown: {"colour": "amber", "code": "verdict_period_not_shown"},
  work_not_shown: {"colour": "amber", "code": "verdict_work_not_shown"},
  holder_not_proven: {"colour": "amber", "code": "verdict_holder_not_proven"},
  effect_not_established: {"colour": "amber", "code": "verdict_effect_not_established"},
  withdrawn_or_replaced: {"colour": "red", "code": "verdict_withdrawn_or_replaced"},
  not_in_force_on_date: {"colour": "red", "code": "verdict_not_in_force_on_date"},
  does_not_cover_work: {"colour": "red", "code": "verdict_does_not_cover_work"},
  not_what_was_asked: {"colour": "red", "code": "verdict_not_what_was_asked"},
  not_authentic: {"colour": "red", "code": "verdict_not_authentic"},
} as const;

/** Which check leads to which verdict; the first that holds decides. No codes: every code. */
export const RULES = [
  {"verdict": "not_authentic", "step": "structure", "outcome": "fail", "codes": []},
  {"verdict": "not_authentic", "step": "header", "outcome": "fail", "codes": []},
  {"verdict": "not_authentic", "step": "trust_chain", "outcome": "fail", "codes": []},
  {"verdict": "not_authentic", "step": "signature", "outcome": "fail", "codes": []},
  {"verdict": "not_authentic", "step": "disclosures", "outcome": "fail", "codes": []},
  {"verdict": "not_authentic", "step": "authorisation", "outcome": "fail", "codes": []},
  {"verdict": "not_what_was_asked", "step": "type", "outcome": "fail", "codes": []},
  {"verdict": "not_what_was_asked", "step": "content", "outcome": "fail", "codes": []},
  {"verdict": "not_what_was_asked", "step": "technical_validity", "outcome": "fail", "codes": ["claim_invalid", "claim_missing", "layout_unknown", "vct_unknown"]},
  {"verdict": "not_what_was_asked", "step": "document_validity", "outcome": "fail", "codes": ["claim_invalid", "claim_missing", "layout_unknown", "vct_unknown"]},
  {"verdict": "not_what_was_asked", "step": "coverage_period", "outcome": "fail", "codes": ["claim_invalid", "claim_missing", "layout_unknown", "vct_unknown"]},
  {"verdict": "not_what_was_asked", "step": "covers_work", "outcome": "fail", "codes": ["claim_invalid", "claim_missing", "layout_unknown", "vct_unknown"]},
  {"verdict": "withdrawn_or_replaced", "step": "status", "outcome": "fail", "codes": ["revoked"]},
  {"verdict": "not_in_force_on_date", "step": "technical_validity", "outcome": "fail", "codes": []},
  {"verdict": "not_in_force_on_date", "step": "document_validity", "outcome": "fail", "codes": []},
  {"verdict": "not_in_force_on_date", "step": "coverage_period", "outcome": "fail", "codes": []},
  {"verdict": "does_not_cover_work", "step": "status", "outcome": "fail", "codes": ["withdrawn_during_work"]},
  {"verdict": "does_not_cover_work", "step": "covers_work", "outcome": "fail", "codes": []},
  {"verdict": "applied_not_decided", "step": "coverage_period", "outcome": "unknown", "codes": ["not_decided"]},
  {"verdict": "holder_not_proven", "step": "key_binding", "outcome": "fail", "codes": []},
  {"verdict": "effect_not_established", "step": "status", "outcome": "unknown", "codes": ["effect_not_established"]},
  {"verdict": "status_not_known", "step": "status", "outcome": "unknown", "codes": []},
  {"verdict": "status_not_known", "step": "status", "outcome": "fail", "codes": []},
  {"verdict": "period_not_shown", "step": "document_validity", "outcome": "unknown", "codes": []},
  {"verdict": "period_not_shown", "step": "coverage_period", "outcome": "unknown", "codes": []},
  {"verdict": "work_not_shown", "step": "covers_work", "outcome": "unknown", "codes": []},
  {"verdict": "holder_not_proven", "step": "key_binding", "outcome": "unknown", "codes": []},
] as const;
