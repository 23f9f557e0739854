"""Status and withdrawal lists: every list of Python's own tests, with one outcome in both languages."""

import zlib
from collections.abc import Mapping
from typing import Any

import pytest

from portadoc.formats.status_list.claims import StatusListLimits, VerifiedStatusList
from portadoc.formats.withdrawal_list import VerifiedWithdrawalList, WithdrawalRecord
from portadoc.keys.jwk import public_jwk
from portadoc.keys.trust.trust_file import trust_to_json
from tests.unit.formats import test_status_list_forms as forms
from tests.unit.formats import test_status_list_token as tokens
from tests.unit.formats import test_withdrawal_list as withdrawals
from tests.unit.verification import test_status_tokens as believing
from tests.unit.verification import test_withdrawals as believing_withdrawals
from tests.unit.verification.conftest import world as world

from .conftest import Core, Outcome, borrowed_from, outcome

ENGINES = ("node", "chromium")


def limits_of(limits: StatusListLimits) -> dict[str, int]:
    return {
        "minTtlS": limits.min_ttl_s,
        "maxTtlS": limits.max_ttl_s,
        "defaultTtlS": limits.default_ttl_s,
        "maxAgeS": limits.max_age_s,
        "maxInflated": limits.max_inflated,
    }


def token_told(token: VerifiedStatusList) -> dict[str, Any]:
    return {
        "uri": token.uri,
        "iat": token.iat,
        "exp": token.exp,
        "ttl": token.ttl,
        "form": token.form.value,
        "withdrawalsUri": token.withdrawals_uri,
        "aggregationUri": token.aggregation_uri,
        "bits": token.statuses.bits,
    }


def records_told(records: Mapping[int, WithdrawalRecord]) -> list[Any]:
    return [
        [
            idx,
            {
                "effectiveFrom": each.effective_from.isoformat(),
                "cause": each.cause.value,
                "recordedAt": each.recorded_at,
                "successor": each.successor,
            },
        ]
        for idx, each in records.items()
    ]


def withdrawals_told(found: VerifiedWithdrawalList) -> dict[str, Any]:
    entries = {"entries": records_told(found.withdrawals)}
    return {"uri": found.uri, "withdrawals": entries, "iat": found.iat, "exp": found.exp}


def token_asked(token: str | bytes) -> dict[str, str | bytes]:
    return {"text": token} if isinstance(token, str) else {"raw": token}


def compare_read(core: Core, read: Any, token: str | bytes, **terms: Any) -> VerifiedStatusList:
    def python() -> dict[str, Any]:
        found = read(token, **terms)
        return {**token_told(found), "packed": found.statuses.packed}

    asked = {"uri": terms["uri"], "now": terms["now"], "skewS": terms["skew_s"], "jwk": public_jwk(terms["key"])}
    answer = core.ask("read_status_list", **token_asked(token), **asked, limits=limits_of(terms["limits"]))
    value = None if answer.code else {name: each for name, each in answer.value.items() if name != "chain"}
    assert Outcome(value, answer.code, answer.reason) == outcome(python)
    return read(token, **terms)  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def both_read_lists(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (forms, tokens):
        for name in ("read_status_list_token", "read_status_list_cwt"):
            read = getattr(module, name, None)
            if read is not None:
                both = lambda token, read=read, **terms: compare_read(core, read, token, **terms)  # noqa: E731
                monkeypatch.setattr(module, name, both)


@pytest.fixture(autouse=True)
def both_read_withdrawals(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    read = withdrawals.read

    def both(text: str, *, now: int = withdrawals.NOW, uri: str = withdrawals.URI) -> VerifiedWithdrawalList:
        found = outcome(lambda: withdrawals_told(read(text, now=now, uri=uri)))
        asked = {"jwk": withdrawals.SIGNER.public_jwk, "uri": uri, "now": now, "skewS": 60}
        assert core.ask("read_withdrawal_list", text=text, **asked) == found
        return read(text, now=now, uri=uri)

    monkeypatch.setattr(withdrawals, "read", both)


@pytest.fixture(autouse=True)
def both_believe(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    believe, believe_withdrawals = believing.believe_status_list, believing_withdrawals.believe_withdrawal_list

    def both(token: str | bytes, *, trust: Any, **terms: Any) -> Any:
        def python() -> dict[str, Any]:
            found = believe(token, trust=trust, **terms)
            told = {**token_told(found.token), "capacity": found.token.statuses.capacity}
            values = [found.token.statuses.get(idx) for idx in range(8)]
            return {
                "issuedBy": found.issued_by,
                "speaksFor": sorted(found.speaks_for),
                "token": told,
                "values": values,
            }

        asked = {"uri": terms["uri"], "now": terms["now"], "skewS": terms["skew_s"], "positions": list(range(8))}
        trusting = {"configuration": trust_to_json(trust), "limits": limits_of(terms["limits"])}
        answer = core.ask("believe_status_list", **token_asked(token), **asked, **trusting)
        assert answer == outcome(python)
        return believe(token, trust=trust, **terms)

    def both_withdrawals(text: str, *, status_list: Any, trust: Any, now: int, skew_s: int) -> Any:
        terms = {"status_list": status_list, "trust": trust, "now": now, "skew_s": skew_s}
        found = outcome(lambda: withdrawals_told(believe_withdrawals(text, **terms)))
        whose = {
            "issuedBy": status_list.issued_by,
            "speaksFor": status_list.speaks_for,
            "uri": status_list.token.uri,
        }
        asked = {"configuration": trust_to_json(trust), "now": now, "skewS": skew_s, "text": text, **whose}
        assert core.ask("believe_withdrawal_list", **asked) == found
        return believe_withdrawals(text, **terms)

    monkeypatch.setattr(believing, "believe_status_list", both)
    monkeypatch.setattr(believing_withdrawals, "believe_withdrawal_list", both_withdrawals)


MEASURED = "test_d05_a_hundred_mebibytes_from_a_hundred_kilobytes_are_never_inflated"  # Python's memory; see below
for _module in (forms, tokens, withdrawals, believing):
    globals().update(borrowed_from(_module, MEASURED))
TestBelieving = believing_withdrawals.TestBelieving


def test_d05_a_list_that_inflates_beyond_the_bound_is_refused(core: Core) -> None:
    bomb = zlib.compress(bytes(100 * 1024 * 1024), 9)
    terms = {"uri": forms.URI, "now": forms.NOW, "skewS": 60, "limits": limits_of(forms.LIMITS)}
    for form in forms.BOTH:
        token = forms.signed(form, status_list={"bits": 1, "lst": bomb})
        told = core.ask("read_status_list", **token_asked(token), jwk=public_jwk(forms.KEY), **terms)
        assert told.refusal == ("limit_exceeded", "")
