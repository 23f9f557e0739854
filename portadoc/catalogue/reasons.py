"""Few reasons for many codes: which sentence people read for the code of a check or an error.

Experts read the code and its own message; the screen of an inspector says one of some forty sentences, in every
language. A code with a reason may have a group of its own (``chain_invalid.expired``); else that of the code
holds.
"""

from collections.abc import Mapping
from typing import Final

REASON_GROUPS: Final[Mapping[str, str]] = {
    "none": """
        seal_structure_ok seal_header_ok structure_ok header_ok trust_chain_ok signature_ok disclosures_ok
        authorisation_ok type_ok key_binding_ok content_ok status_ok technical_validity_ok
        document_validity_ok coverage_period_ok covers_work_ok person_same_names person_same_number
        person_same_holder
    """,
    "not_asked": """
        seal_discloses_all kb_not_asked work_not_asked work_not_decided_here document_period_not_shown
        coverage_period_not_shown status_not_named
    """,
    "not_examined": "step_not_run",
    "deviates": """
        content_deviates type_metadata_unknown article_unusual card_number_unusual claim_institution_unusual
        claim_not_in_form claim_renamed claim_unknown country_code_eessi institution_id_unusual
        open_end_as_date posting_over_24_months workplace_country_differs
    """,
    "not_readable": """
        seal_malformed base45_invalid malformed_token base64url_invalid json_malformed cbor_malformed
        typ_mismatch crit_unsupported header_param_forbidden alg_not_allowed disclosure_malformed
        disclosure_duplicate hash_alg_unsupported frame_malformed key_alg_unsupported kb_unexpected
        encryption_invalid
    """,
    "too_large": "limit_exceeded frames_too_many seal_too_large",
    "signature_wrong": """
        signature_invalid disclosure_unreferenced digest_duplicate reserved_claim_name claim_collision
        protected_claim_disclosed type_metadata_invalid chain_invalid.thumbprint_missing
        chain_invalid.thumbprint_mismatch mac_invalid key_mismatch
    """,
    "signer_unknown": "chain_invalid issuer_untrusted issuer_metadata_invalid",
    "certificate_expired": """
        chain_invalid.expired chain_invalid.not_yet_valid issuer_untrusted.outside_period
        issuer_untrusted.withdrawn
    """,
    "not_entitled": """
        issuer_untrusted.type_not_authorised issuer_untrusted.purpose_not_authorised
        issuer_untrusted.issuer_not_authorised issuer_untrusted.country_mismatch
        issuer_untrusted.institution_mismatch issuer_untrusted.issuer_mismatch
        chain_invalid.extended_key_usage chain_invalid.key_usage
    """,
    "other_type": """
        type_not_accepted query_unsatisfied vct_unknown record_kind_unknown record_version_unsupported
        seal_kind_unknown seal_kind_unsealed
    """,
    "content_unreadable": """
        claim_missing claim_invalid layout_unknown code_unknown company_id_incomplete contact_invalid
        country_unknown coverage_state_coordinated document_replaces_itself entry_missing entry_repeated
        exception_text_mismatch member_invalid member_missing member_unknown message_invalid period_reversed
        text_invalid
    """,
    "holder_proof_missing": "kb_missing",
    "holder_proof_failed": "kb_invalid holder_key_missing holder_key_unsupported proof_invalid",
    "holder_proof_old": "kb_invalid.iat",
    "static_code": "seal_not_bound",
    "fresh_unasked": "kb_unsolicited",
    "identities_differ": "person_birth_differs person_names_differ person_number_differs",
    "kept_back": "person_nothing_comparable person_represented",
    "withdrawn": "revoked",
    "withdrawn_during_work": "withdrawn_during_work",
    "withdrawn_later": "withdrawn_later",
    "suspended": "suspended status_invalid.suspended",
    "effect_unknown": "effect_not_established",
    "status_unknown": "status_unavailable status_invalid withdrawals_invalid",
    "status_old": "status_too_old",
    "not_refreshed": "status_stale",
    "copy_expired": "expired",
    "copy_not_yet_valid": "not_yet_valid",
    "document_expired": "document_expired",
    "document_not_yet_issued": "document_not_yet_issued",
    "coverage_ended": "coverage_ended",
    "coverage_not_started": "coverage_not_started",
    "period_kept_back": "document_end_kept_back coverage_period_kept_back",
    "not_decided": "not_decided",
    "state_not_covered": "work_state_not_covered",
    "employer_not_covered": "work_employer_not_covered",
    "work_period_not_covered": "work_period_not_covered",
    "work_not_shown": "work_not_shown",
    "work_question": "work_period_reversed work_employer_empty",
    "clock_wrong": "clock_wrong",
    "pack_old": "trust_pack_expired trust_list_stale trust_list_rollback trust_pack_rollback",
    "pack_unusable": """
        trust_pack_invalid trust_pack_not_yet trust_pack_certificate trust_pack_operator_unnamed trust_empty
        trust_malformed trust_missing trust_list_malformed trust_list_untrusted trust_lists_malformed
        trust_lists_missing
    """,
    "service_fault": """
        authority_missing chain_file_malformed institution_invalid key_file_exists key_file_malformed
        key_file_missing key_file_readable_by_others key_missing key_retired key_ring_exists
        key_ring_malformed key_ring_missing key_uri_unsupported passphrase_missing passphrase_wrong
        ring_institution_unknown query_malformed request_object_invalid transaction_data_invalid
        verifier_attestation_invalid registration_invalid client_id_unfit browser_request_unfit
        browser_answer_invalid credential_configuration_unknown example_unknown profile_unknown
        projection_cannot_carry projection_kind_differs receipt_invalid svg_template_invalid
    """,
}
"""Every group, and the codes that it speaks for; ``reason.<group>`` is its sentence in the catalogue."""

GROUP_OF: Final[Mapping[str, str]] = {
    code: group for group, codes in REASON_GROUPS.items() for code in codes.split()
}
"""The group of each code."""

UNFORESEEN: Final = "service_fault"
"""The group of a code that the table does not have: it says that nothing could be found out."""


def reason_group(code: str, *, reason: str | None = None) -> str:
    """Return the group of a code, by its reason where the pair has a group of its own."""
    return GROUP_OF.get(f"{code}.{reason}") or GROUP_OF.get(code) or UNFORESEEN
