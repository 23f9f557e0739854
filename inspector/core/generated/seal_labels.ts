/** Written by `make docs` from schemas/seals/labels.py; changes belong there. */

export type SealForm = "text" | "days" | "flag" | "count" | "texts" | "rows";

/** Label, path from the object around it, form, and for rows the labels inside. */
export type SealRow = readonly [label: number, path: readonly string[], form: SealForm, rows?: readonly SealRow[]];

/** The label of the kind of document. */
export const KIND_LABEL = 0;

/** Kind and type of each number of a kind. */
export const SEAL_KINDS: Readonly<Record<number, readonly [kind: string, type: string]>> = {"1": ["pda1", "urn:portadoc:seal:pda1:1"], "2": ["ehic", "urn:portadoc:seal:ehic:1"], "3": ["prc", "urn:portadoc:seal:prc:1"]};

export const SEAL_ROWS: Readonly<Record<string, readonly SealRow[]>> = {
  pda1: [
    [1, ["document", "number"], "text"],
    [2, ["document", "date_of_issuance"], "days"],
    [3, ["document", "date_of_expiry"], "days"],
    [4, ["person", "surnames"], "text"],
    [5, ["person", "forenames"], "text"],
    [6, ["person", "date_of_birth"], "days"],
    [7, ["person", "gender"], "text"],
    [8, ["person", "surname_at_birth"], "text"],
    [9, ["person", "nationalities"], "texts"],
    [10, ["person", "place_of_birth", "town"], "text"],
    [11, ["person", "place_of_birth", "country"], "text"],
    [12, ["legislation", "state"], "text"],
    [13, ["legislation", "start"], "days"],
    [14, ["legislation", "end"], "days"],
    [15, ["status", "code"], "text"],
    [16, ["employments"], "rows", [[1, ["name"], "text"], [2, ["id"], "text"], [3, ["id_type"], "text"], [4, ["type"], "text"], [5, ["address", "town"], "text"], [6, ["address", "country"], "text"]]],
    [17, ["countries_of_work"], "rows", [[1, ["country"], "text"], [2, ["workplaces"], "rows", [[1, ["name"], "text"], [2, ["address", "postcode"], "text"], [3, ["address", "town"], "text"], [4, ["company_id"], "text"], [5, ["company_id_type"], "text"], [6, ["flag_or_base_state"], "text"]]]]],
    [18, ["institution", "id"], "text"],
    [19, ["institution", "name"], "text"],
    [20, ["institution", "country"], "text"],
    [21, ["legislation", "for_duration_of_activity"], "flag"],
    [22, ["legislation", "provisional"], "flag"],
    [23, ["more_workplaces"], "count"],
    [24, ["legislation", "transitional_rules"], "flag"],
    [25, ["status", "exception_description"], "text"],
    [26, ["person", "pin"], "text"],
    [27, ["person", "pin_ending"], "text"],
    [28, ["person", "forenames_at_birth"], "text"],
    [29, ["document", "replaces"], "text"],
    [30, ["issuing_authority", "id"], "text"],
    [31, ["issuing_authority", "name"], "text"],
    [32, ["issuing_authority", "country"], "text"],
    [33, ["authentic_source", "id"], "text"],
    [34, ["authentic_source", "name"], "text"],
  ],
  ehic: [
    [1, ["insured", "surnames"], "text"],
    [2, ["insured", "forenames"], "text"],
    [3, ["insured", "date_of_birth"], "days"],
    [4, ["issuing_authority", "id"], "text"],
    [5, ["issuing_authority", "name"], "text"],
    [6, ["issuing_authority", "country"], "text"],
    [7, ["card_number"], "text"],
    [8, ["date_of_issuance"], "days"],
    [9, ["date_of_expiry"], "days"],
    [10, ["start"], "days"],
    [11, ["end"], "days"],
    [12, ["to_representative"], "flag"],
    [26, ["insured", "pin"], "text"],
    [27, ["insured", "pin_ending"], "text"],
    [33, ["authentic_source", "id"], "text"],
    [34, ["authentic_source", "name"], "text"],
  ],
  prc: [
    [1, ["insured", "surnames"], "text"],
    [2, ["insured", "forenames"], "text"],
    [3, ["insured", "date_of_birth"], "days"],
    [4, ["issuing_authority", "id"], "text"],
    [5, ["issuing_authority", "name"], "text"],
    [6, ["issuing_authority", "country"], "text"],
    [7, ["card_number"], "text"],
    [8, ["issued_on"], "days"],
    [9, ["card_expiry"], "days"],
    [10, ["valid_from"], "days"],
    [11, ["valid_to"], "days"],
    [13, ["acronym"], "text"],
    [14, ["reason"], "text"],
    [26, ["insured", "pin"], "text"],
    [27, ["insured", "pin_ending"], "text"],
  ],
};
