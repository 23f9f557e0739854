"""Offers and the token endpoint: the rows F01 to F18 of the abuse catalogue for this grant."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from portadoc.errors import Conflict, Refused
from portadoc.issuer import WithdrawalReason
from portadoc.schemas.examples import example

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
TOKEN = "/issuer/fr-demo/token"


def test_an_offer_by_value_names_issuer_configurations_and_code(rig: Any) -> None:
    offered = rig.offered(rig.offer("pda1", "pda1-webuild"))
    assert offered["credential_issuer"] == "http://127.0.0.1:8700/issuer/fr-demo"
    assert offered["credential_configuration_ids"] == ["pda1", "pda1-webuild"]
    assert list(offered["grants"][PRE_AUTHORIZED]) == ["pre-authorized_code"]


def test_a_redeemed_code_gives_a_bearer_token_of_five_minutes(rig: Any) -> None:
    response = rig.redeem(rig.code_of(rig.offer()))
    content = response.json()
    assert response.status == 200
    assert (content["token_type"], content["expires_in"]) == ("Bearer", 300)
    kept_by_nobody = (response.headers["cache-control"], response.headers["pragma"])
    assert kept_by_nobody == ("no-store", "no-cache")  # RFC 6749 §5.1


def test_parameters_and_headers_that_nobody_here_knows_are_tolerated(rig: Any) -> None:
    offer = rig.offer()
    response = rig.redeem(
        rig.code_of(offer),
        headers={"Unheard-Of": "anything"},
        resource="http://127.0.0.1:8700/issuer/fr-demo",
        scope="pda1",
        unheard_of="1",
    )
    assert (response.status, response.json()["token_type"]) == (200, "Bearer")


def test_the_database_holds_no_code_reference_transaction_code_or_token(rig: Any) -> None:
    offer = rig.offer(tx_code=True)
    by_reference = rig.offer(by_reference=True)
    secrets = [rig.code_of(offer), rig.link_parameters(by_reference)["credential_offer_uri"].rpartition("/")[2]]
    secrets.append(rig.token(offer, tx_code=offer.tx_code))
    files = b"".join(path.read_bytes() for path in rig.database._path.parent.iterdir())
    assert [secret for secret in secrets if secret.encode() in files] == []


class TestByReference:
    def test_f18_a_reference_can_be_fetched_until_the_code_is_used(self, rig: Any) -> None:
        offer = rig.offer(by_reference=True)
        url = rig.link_parameters(offer)["credential_offer_uri"]
        first, second = rig.transport.get(url), rig.transport.get(url)
        assert first.body == second.body
        assert first.headers["cache-control"] == "no-store"
        code = first.json()["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
        assert rig.redeem(code).status == 200
        assert rig.transport.get(url).status == 404

    @pytest.mark.parametrize("path", ["/issuer/fr-demo/offers/guess", "/issuer/fr-health/offers/{own}"])
    def test_f18_a_guess_or_another_institution_finds_nothing(self, rig: Any, path: str) -> None:
        own = rig.link_parameters(rig.offer(by_reference=True))["credential_offer_uri"].rpartition("/")[2]
        response = rig.transport.get(path.format(own=own))
        assert (response.status, response.json()["code"]) == (404, "offer_unknown")

    def test_f18_an_expired_offer_is_gone(self, rig: Any) -> None:
        url = rig.link_parameters(rig.offer(by_reference=True))["credential_offer_uri"]
        rig.clock.advance(600)
        assert rig.transport.get(url).status == 404

    def test_a_reference_is_no_code_and_an_offer_id_is_no_reference(self, rig: Any) -> None:
        offer = rig.offer(by_reference=True)
        reference = rig.link_parameters(offer)["credential_offer_uri"].rpartition("/")[2]
        assert rig.error_of(rig.redeem(reference)) == (400, "invalid_grant", "code_unusable")
        assert rig.transport.get(f"/issuer/fr-demo/offers/{offer.offer_id}").status == 404


class TestCode:
    def test_f01_a_code_is_redeemed_once(self, rig: Any) -> None:
        code = rig.code_of(rig.offer())
        assert rig.redeem(code).status == 200
        assert rig.error_of(rig.redeem(code)) == (400, "invalid_grant", "code_unusable")

    def test_f01_fifty_at_once_have_one_winner(self, rig: Any) -> None:
        code = rig.code_of(rig.offer())
        answers = rig.at_once(50, lambda: rig.redeem(code))
        assert sorted(answer.status for answer in answers) == [200] + [400] * 49
        assert {rig.error_of(each)[1] for each in answers if each.status == 400} == {"invalid_grant"}

    def test_f02_an_expired_code_is_refused_from_its_last_second_on(self, rig: Any) -> None:
        early, late = rig.code_of(rig.offer()), rig.code_of(rig.offer())
        rig.clock.advance(599)
        assert rig.redeem(early).status == 200
        rig.clock.advance(1)
        assert rig.error_of(rig.redeem(late)) == (400, "invalid_grant", "code_unusable")

    @pytest.mark.parametrize("code", ["unknown", "é" * 40, "x" * 20_000])
    def test_f02_an_unknown_code_is_refused(self, rig: Any, code: str) -> None:
        assert rig.error_of(rig.redeem(code)) == (400, "invalid_grant", "code_unusable")

    def test_f02_a_code_of_another_institution_is_unknown(self, rig: Any) -> None:
        code = rig.code_of(rig.offer())
        assert rig.error_of(rig.redeem(code, institution="fr-health")) == (400, "invalid_grant", "code_unusable")
        assert rig.redeem(code).status == 200


class TestTransactionCode:
    def test_the_offer_says_how_the_code_looks(self, rig: Any) -> None:
        offer = rig.offer(tx_code=True)
        assert rig.offered(offer)["grants"][PRE_AUTHORIZED]["tx_code"] == {"input_mode": "numeric", "length": 6}
        assert len(offer.tx_code) == 6
        assert offer.tx_code not in offer.offer_uri

    def test_the_right_code_redeems(self, rig: Any) -> None:
        offer = rig.offer(tx_code=True)
        assert rig.redeem(rig.code_of(offer), tx_code=offer.tx_code).status == 200

    def test_f03_missing_is_an_invalid_request_and_costs_no_try(self, rig: Any) -> None:
        offer = rig.offer(tx_code=True)
        for _ in range(10):
            assert rig.error_of(rig.redeem(rig.code_of(offer))) == (400, "invalid_request", "tx_code_missing")
        assert rig.redeem(rig.code_of(offer), tx_code=offer.tx_code).status == 200

    def test_f03_unexpected_is_an_invalid_request(self, rig: Any) -> None:
        refused = rig.redeem(rig.code_of(rig.offer()), tx_code="123456")
        assert rig.error_of(refused) == (400, "invalid_request", "tx_code_unexpected")

    def test_f04_five_wrong_tries_kill_the_code(self, rig: Any) -> None:
        offer = rig.offer(tx_code=True)
        for wrong in wrong_codes(offer, 5):
            refused = rig.redeem(rig.code_of(offer), tx_code=wrong)
            assert rig.error_of(refused) == (400, "invalid_grant", "tx_code_wrong")
        refused = rig.redeem(rig.code_of(offer), tx_code=offer.tx_code)
        assert rig.error_of(refused) == (400, "invalid_grant", "code_unusable")

    def test_f04_the_fifth_try_may_still_be_right(self, rig: Any) -> None:
        offer = rig.offer(tx_code=True)
        for wrong in wrong_codes(offer, 4):
            rig.redeem(rig.code_of(offer), tx_code=wrong)
        assert rig.redeem(rig.code_of(offer), tx_code=offer.tx_code).status == 200

    def test_f04_fifty_guesses_at_once_share_five_tries(self, rig: Any) -> None:
        offer = rig.offer(tx_code=True)
        guesses = iter(wrong_codes(offer, 50))
        codes = [rig.error_of(each)[2] for each in rig.at_once(50, lambda: guess(rig, offer, next(guesses)))]
        assert sorted(codes) == ["code_unusable"] * 45 + ["tx_code_wrong"] * 5
        assert rig.redeem(rig.code_of(offer), tx_code=offer.tx_code).status == 400

    @pytest.mark.parametrize("typed", ["１２３４５６", "12 456", " 123456", "1" * 10_240, "12345a", "٣٤٥٦٧٨"])
    def test_f05_anything_but_digits_is_an_invalid_request(self, rig: Any, typed: str) -> None:
        refused = rig.redeem(rig.code_of(rig.offer(tx_code=True)), tx_code=typed)
        assert rig.error_of(refused) == (400, "invalid_request", "tx_code_malformed")


def wrong_codes(offer: Any, count: int) -> list[str]:
    return [f"{(int(offer.tx_code) + step) % 10**6:06d}" for step in range(1, count + 1)]


def guess(rig: Any, offer: Any, tx_code: str) -> Any:
    return rig.redeem(rig.code_of(offer), tx_code=tx_code)


class TestForm:
    @pytest.mark.parametrize(
        ("suffix", "code"),
        [
            (b"&grant_type=x", "form_invalid"),
            (b"&tx_code=1&tx_code=2", "form_invalid"),
            (b";a=b", "form_invalid"),
            (b"&%zz=1", "form_invalid"),
            (b"&a=%ff", "form_invalid"),
        ],
    )
    def test_f07_a_form_with_two_readings_is_refused(self, rig: Any, suffix: bytes, code: str) -> None:
        form = urlencode({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": rig.code_of(rig.offer())})
        refused = rig.post(TOKEN, form.encode() + suffix, "application/x-www-form-urlencoded")
        assert rig.error_of(refused) == (400, "invalid_request", code)

    @pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
    def test_f07_another_content_type_is_refused(self, rig: Any, content_type: str) -> None:
        refused = rig.post(TOKEN, b"{}", content_type)
        assert rig.error_of(refused) == (400, "invalid_request", "content_type_unsupported")

    def test_f08_an_unknown_grant_type_is_refused(self, rig: Any) -> None:
        refused = rig.transport.post_form(TOKEN, {"grant_type": "password", "code": "x"})
        assert rig.error_of(refused) == (400, "unsupported_grant_type", "grant_type_unsupported")

    @pytest.mark.parametrize(
        ("form", "code"),
        [({}, "message_invalid"), ({"grant_type": PRE_AUTHORIZED}, "pre_authorized_code_missing")],
    )
    def test_missing_parameters_are_an_invalid_request(self, rig: Any, form: dict[str, str], code: str) -> None:
        assert rig.error_of(
            rig.transport.post_form(TOKEN, form)
            if form
            else rig.post(TOKEN, b"", "application/x-www-form-urlencoded")
        ) == (400, "invalid_request", code)

    def test_an_overlong_client_id_is_an_invalid_request(self, rig: Any) -> None:
        refused = rig.redeem(rig.code_of(rig.offer()), client_id="c" * 256)
        assert rig.error_of(refused) == (400, "invalid_request", "client_id_too_long")

    @pytest.mark.parametrize(
        "sent",
        [
            {"headers": {"authorization": "Basic eDp5"}},
            {"client_secret": "x"},
            {"client_assertion": "x.y.z"},
        ],
    )
    def test_f08_client_authentication_is_not_offered(self, rig: Any, sent: dict[str, Any]) -> None:
        refused = rig.redeem(rig.code_of(rig.offer()), **sent)
        assert rig.error_of(refused) == (401, "invalid_client", "client_authentication_unsupported")
        assert refused.headers["www-authenticate"].startswith("Basic ")  # RFC 6749 §5.2

    def test_ten_megabytes_are_refused_before_they_are_read(self, rig: Any) -> None:
        refused = rig.post(TOKEN, b"a=" + b"x" * 10_000_000, "application/x-www-form-urlencoded")
        assert refused.status == 413

    def test_an_unknown_institution_is_not_found(self, rig: Any) -> None:
        assert rig.redeem("x", institution="nobody").status == 404


class TestAuthorizationDetails:
    def test_a_subset_of_the_offer_gives_identifiers_to_use(self, rig: Any) -> None:
        offer = rig.offer("pda1", "pda1-webuild")
        details = '[{"type":"openid_credential","credential_configuration_id":"pda1-webuild","x":1}]'
        (detail,) = rig.redeem(rig.code_of(offer), authorization_details=details).json()["authorization_details"]
        assert detail["credential_configuration_id"] == "pda1-webuild"
        assert len(detail["credential_identifiers"]) == 1

    @pytest.mark.parametrize(
        "details",
        [
            "",
            "[]",
            "{}",
            "not json",
            "[1]",
            '[{"type":"other","credential_configuration_id":"pda1"}]',
            '[{"type":"openid_credential"}]',
            '[{"type":"openid_credential","credential_configuration_id":"ehic"}]',
            '[{"type":"openid_credential","credential_configuration_id":"pda1","credential_configuration_id":"x"}]',
        ],
    )
    def test_anything_else_is_refused_in_its_own_words_and_leaves_the_code_alone(
        self, rig: Any, details: str
    ) -> None:
        code = rig.code_of(rig.offer())
        if details:
            refused = rig.redeem(code, authorization_details=details)
            assert rig.error_of(refused) == (400, "invalid_authorization_details", "authorization_details_invalid")
        assert rig.redeem(code).status == 200


class TestMakingOffers:
    def test_of_an_unknown_record(self, rig: Any) -> None:
        with pytest.raises(Refused, match="record_unknown"):
            rig.issuer.offer("fr-demo", "nothing", ["pda1"])

    def test_of_another_institutions_record(self, rig: Any) -> None:
        record_id = rig.record("ehic", institution="fr-health")
        with pytest.raises(Refused, match="record_unknown"):
            rig.issuer.offer("fr-demo", record_id, ["pda1"])

    @pytest.mark.parametrize("configuration_ids", [[], ["unheard-of"], ["pda1", "pid"]])
    def test_of_a_configuration_that_is_not_issued_here(self, rig: Any, configuration_ids: list[str]) -> None:
        with pytest.raises(Refused, match="credential_configuration_unknown") as refusal:
            rig.issuer.offer("fr-demo", rig.record(), configuration_ids)
        assert refusal.value.params["known"] == ", ".join(rig.issuer.settings.by_slug["fr-demo"].configuration_ids)

    def test_of_a_record_that_the_layout_cannot_carry(self, rig: Any) -> None:
        with pytest.raises(Refused, match="projection_kind_differs"):
            rig.issuer.offer("fr-health", rig.record("ehic", "fr-health"), ["pda1"])

    def test_of_a_withdrawn_record(self, rig: Any) -> None:
        record_id = rig.record()
        rig.issuer.withdraw("fr-demo", record_id, reason=WithdrawalReason.FRAUD)
        with pytest.raises(Conflict, match="record_withdrawn"):
            rig.issuer.offer("fr-demo", record_id, ["pda1"])

    def test_of_an_expired_document(self, rig: Any) -> None:
        record_id = rig.record()
        rig.clock.advance(400 * 86_400)
        with pytest.raises(Conflict, match="record_expired"):
            rig.issuer.offer("fr-demo", record_id, ["pda1"])

    def test_of_a_document_that_names_another_authority(self, rig: Any) -> None:
        with pytest.raises(Refused, match="record_of_other_institution"):
            rig.issuer.upload("fr-demo", example("insured-traveller"))

    def test_b11_of_a_document_that_names_another_country(self, rig: Any) -> None:
        record = example("posted-worker-fr-de")
        abroad = replace(record, issuing_authority=replace(record.issuing_authority, country="DE"))
        record_id = rig.issuer.upload("fr-demo", abroad)
        with pytest.raises(Refused, match="record_of_other_institution"):
            rig.issuer.offer("fr-demo", record_id, ["pda1"])

    def test_at_an_unknown_institution(self, rig: Any) -> None:
        with pytest.raises(Refused, match="not_found"):
            rig.issuer.upload("nobody", example("posted-worker-fr-de"))
