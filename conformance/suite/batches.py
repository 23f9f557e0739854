"""Batches: copies that belong together and cannot be told to. Spec: OpenID4VCI 1.0 §3.3.2, §8.3; HAIP 1.0 §6.1."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from portadoc.conformance.checks import Check, Module, Record, Severity
from portadoc.conformance.credentials import TakenApart, repeated, same, take_apart
from portadoc.conformance.suite.credential_requests import SUITE
from portadoc.conformance.trial import Trial

COUNT: Final = Check(
    "batch-not-more-than-proofs",
    "OpenID4VCI 1.0 §8.3",
    "There are no more credentials than keys that were proven",
    "The number of copies does not follow the proofs.",
    "Give one credential for each key.",
)
FEWER: Final = Check(
    "batch-as-many-as-proofs",
    "OpenID4VCI 1.0 §8.3",
    "There is a credential for each key that was proven",
    "The batch is cut without a word.",
    "Give one credential for each key, or offer a smaller batch_size.",
    Severity.WARN,
)
DATASET: Final = Check(
    "batch-same-dataset",
    "OpenID4VCI 1.0 §3.3.2",
    "All copies say the same",
    "Claims are made anew for each copy.",
    "Make the claims once for a batch.",
)
SUBJECT: Final = Check(
    "batch-subject",
    "OpenID4VCI 1.0 §3.3.2, ARF 3.0 ISSU_35",
    "No copy has a name of the subject (sub) that other copies lack: all have the same, or none has any",
    "A fresh sub for each copy keeps copies apart for verifiers; the OpenID Foundation's suite takes it for "
    "another dataset.",
    "Leave sub out where the profile does not ask for it.",
    Severity.WARN,
)
KEYS: Final = Check(
    "batch-distinct-keys",
    "OpenID4VCI 1.0 §8.3, §3.3.2",
    "Every copy is bound to a proven key of its own",
    "All copies get the key of the first proof.",
    "Bind the n-th copy to the n-th key.",
)
SALTS: Final = Check(
    "batch-distinct-salts",
    "RFC 9901 §10.1",
    "No salt stands in two copies or twice in one",
    "The copies share their disclosures.",
    "Draw a fresh salt for each disclosure of each copy.",
)
STATUS: Final = Check(
    "batch-distinct-status",
    "HAIP 1.0 §6.1, Token Status List §13.2",
    "Every copy has a status list entry of its own",
    "The batch shares an index.",
    "Give every copy a fresh index.",
)
UNPREDICTABLE: Final = Check(
    "batch-unpredictable-status",
    "HAIP 1.0 §6.1, Token Status List §12.5.1",
    "The indices of a batch form no progression",
    "Indices are counted up.",
    "Draw indices at random.",
)
HERD: Final = Check(
    "batch-herd",
    "Token Status List §12.5",
    "The copies of a batch are spread over few lists, and not one a copy",
    "A list for each credential or person.",
    "Put many holders into one list.",
    Severity.WARN,
)
TIMES: Final = Check(
    "batch-rounded-times",
    "RFC 9901 §10.1, ARF 3.0 ISSU_36",
    "iat, nbf and exp do not tell the moment of issuance",
    "The clock's second goes into every copy.",
    "Round the times to the day, or at least to the hour.",
)
_HOUR_S: Final = 3600
_NEAR_S: Final = 120


def run(trial: Trial, record: Record) -> None:
    """Obtain a batch and compare its copies."""
    if trial.issuer(record).batch_size < 2:
        record.not_applicable(COUNT, "the issuer makes no batches")
        return
    _, delivered, keys = trial.sample(record)
    copies = [take_apart(each) for each in delivered.credentials]
    proven = {each.kid for each in keys}
    record.judge(COUNT, len(copies) <= len(keys), f"{len(copies)} for {len(keys)}", delivered.answer)
    record.judge(FEWER, len(copies) >= len(keys), f"{len(copies)} for {len(keys)}", delivered.answer)
    record.judge(DATASET, same([each.dataset for each in copies]), "the copies differ")
    record.judge(SUBJECT, len({each.subject for each in copies}) == 1, "they differ")
    bound = [each.bound_to for each in copies]
    record.judge(KEYS, set(bound) <= proven and not repeated(bound), "a key is missing, foreign or there twice")
    record.judge(SALTS, not repeated([salt for each in copies for salt in each.salts]), "a salt stands twice")
    _statuses(copies, record, bound_to=trial.profile.high_assurance)
    judge_times(copies, trial.kit.clock.now(), record, TIMES)


def _statuses(copies: Sequence[TakenApart], record: Record, *, bound_to: bool) -> None:
    """Judge the status references; that indices cannot be guessed is a rule where HAIP binds, advice elsewhere."""
    found = [each.status for each in copies if each.status]
    if not found:
        record.not_applicable(STATUS, "the credentials have no status")
        return
    record.judge(STATUS, not repeated(found), "an entry stands twice")
    lists = {uri for uri, _ in found}
    steps = [sorted({idx for each, idx in found if each == uri}) for uri in lists]
    assessed = [each for each in steps if len(each) >= 3]
    if not assessed:
        record.not_applicable(UNPREDICTABLE, "no list has three entries of the batch")
    else:
        check = UNPREDICTABLE if bound_to else replace(UNPREDICTABLE, severity=Severity.WARN)
        record.judge(check, not any(map(progression, assessed)), "they do")
    record.judge(HERD, len(found) < 3 or len(lists) < len(found), "each copy has a list of its own")


def progression(indices: Sequence[int]) -> bool:
    """Tell whether sorted numbers go up by equal steps."""
    return len({above - below for below, above in pairwise(indices)}) == 1


def judge_times(copies: Sequence[TakenApart], now: int, record: Record, check: Check) -> None:
    """Judge that times are rounded, spread, or far from the moment of issuance."""
    precise = [name for name in ("iat", "nbf", "exp") if _precise(copies, name, now)]
    record.judge(check, not precise, f"to the second: {', '.join(precise)}")


def _precise(copies: Sequence[TakenApart], name: str, now: int) -> bool:
    values = [each.payload[name] for each in copies if type(each.payload.get(name)) is int]
    if not values or all(each % _HOUR_S in (0, _HOUR_S - 1) for each in values):
        return False
    if max(values) - min(values) > _NEAR_S:
        return False
    return name == "exp" or any(abs(each - now) <= _NEAR_S for each in values)


MODULES: Final = (Module(f"{SUITE}batch-issuance", "Copies of a batch", run),)
