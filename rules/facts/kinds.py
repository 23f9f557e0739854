"""The closed vocabularies of a case: who asks, for what, under which instrument.

Spec: Regulation (EC) 883/2004 Title II; Regulation (EC) 987/2009 Title II
"""

from enum import StrEnum


class ApplicantKind(StrEnum):
    EMPLOYEE = "employee"
    SELF_EMPLOYED = "self_employed"
    EMPLOYED_AND_SELF_EMPLOYED = "employed_and_self_employed"
    CIVIL_SERVANT = "civil_servant"
    MARINER = "mariner"
    AIRCREW = "aircrew"
    CONTRACT_STAFF = "contract_staff"
    INACTIVE = "inactive"
    PENSIONER = "pensioner"
    UNEMPLOYED_ART65 = "unemployed_art65"
    MILITARY = "military"


class Regime(StrEnum):
    """The instrument that links the States of the case; an input, never derived."""

    EU = "EU"
    EEA = "EEA"
    CH = "CH"
    EFTA = "EFTA"
    UK_TCA = "UK_TCA"
    UK_WA = "UK_WA"
    EFTA_UK = "EFTA_UK"
    CH_UK = "CH_UK"
    BILATERAL = "BILATERAL"
    NONE = "NONE"


class RequestKind(StrEnum):
    POSTING = "posting"
    EXTENSION = "extension"
    MULTI_STATE = "multi_state"
    TELEWORK_FRAMEWORK = "telework_framework"
    SINGLE_STATE = "single_state"
    VESSEL = "vessel"
    AIRCREW = "aircrew"
    EU_CONTRACT_STAFF = "eu_contract_staff"
    EXCEPTION = "exception"
    EXEMPTION_PENSIONER = "exemption_pensioner"
    VOLUNTARY_INSURANCE = "voluntary_insurance"
    INCOMING = "incoming"
    PROCEDURE = "procedure"


class NationalityClass(StrEnum):
    """The best class, for a person with several nationalities."""

    EU = "EU"
    EEA_EFTA = "EEA_EFTA"
    CH = "CH"
    UK = "UK"
    TCN = "TCN"
    STATELESS = "STATELESS"
    REFUGEE = "REFUGEE"


class EmployerKind(StrEnum):
    PRIVATE = "private"
    PUBLIC = "public"
    TEMP_AGENCY = "temp_agency"
    OUTSIDE_EU = "outside_eu"
    EU_INSTITUTION = "eu_institution"


class ActivityKind(StrEnum):
    EMPLOYED = "employed"
    SELF_EMPLOYED = "self_employed"
    CIVIL_SERVANT = "civil_servant"


class Replaces(StrEnum):
    """Whose place the posted person takes."""

    NONE = "none"
    LOCAL_WORKER = "local_worker"
    POSTED_SAME_EMPLOYER = "posted_same_employer"
    POSTED_OTHER_EMPLOYER = "posted_other_employer"


class CoverBasis(StrEnum):
    """Why the person was under the sending State's legislation before the posting."""

    EMPLOYMENT = "employment"
    SELF_EMPLOYMENT = "self_employment"
    BENEFIT = "benefit"
    RESIDENCE = "residence"
    NONE = "none"


class PaidBy(StrEnum):
    EMPLOYER = "employer"
    HOST = "host"


class Relation(StrEnum):
    """How an earlier posting hangs together with the one that is asked for."""

    EXTENSION_OF_SAME_POSTING = "extension_of_same_posting"
    SEPARATE_ASSIGNMENT = "separate_assignment"


class Waters(StrEnum):
    SEA = "sea"
    TERRITORIAL = "territorial"


class CertificateStatus(StrEnum):
    VALID = "valid"
    WITHDRAWN = "withdrawn"


class ExceptionReply(StrEnum):
    """What the other State answered to the request for an agreement (SED A011, A002)."""

    PENDING = "pending"
    APPROVED = "A011"
    PARTIAL = "A002_partial"
    REFUSED = "A002_refusal"
