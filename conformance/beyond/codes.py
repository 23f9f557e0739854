"""Codes and tokens that must not be redeemed.

Spec: RFC 6749 §4.1.3, §5.2, §6; RFC 7636 §4.6; OpenID4VCI 1.0 §6.3.
"""

from dataclasses import replace
from typing import Final

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Lacking, Module, Record
from portadoc.conformance.conversation.client import Client, Twists, form_post
from portadoc.conformance.conversation.credentials import Access
from portadoc.conformance.conversation.drafts import left_out
from portadoc.conformance.programs import GivenOffer, Want
from portadoc.conformance.refusals import CLIENT_OR_REQUEST, REQUEST, TOKEN, refused
from portadoc.conformance.trial import Trial, pre_authorized_form
from portadoc.conformance.wire import Answer
from portadoc.wallet_sim.identity import WalletIdentity

INVALID_GRANT: Final = frozenset({"invalid_grant"})
DPOP_WORDS: Final = frozenset({"invalid_dpop_proof", "invalid_grant"})
NO_GRANT_OR_REQUEST: Final = frozenset({"invalid_grant", "invalid_request"})


def _check(name: str, clause: str, title: str, cause: str, mend: str) -> Check:
    return Check(name, clause, title, cause, mend)


VERIFIER: Final = _check(
    "pkce-wrong-verifier",
    "RFC 7636 §4.6",
    "A code with a wrong code_verifier is refused with invalid_grant",
    "The verifier is not compared with the challenge.",
    "Compare BASE64URL(SHA256(code_verifier)) with the challenge.",
)
NO_VERIFIER: Final = _check(
    "pkce-no-verifier",
    "RFC 7636 §4.5",
    "A code without code_verifier is refused",
    "A missing verifier counts as no PKCE.",
    "Require the verifier for every code with a challenge.",
)
REDIRECT: Final = _check(
    "redirect-uri-mismatch",
    "RFC 6749 §4.1.3",
    "A code with another redirect_uri is refused with invalid_grant",
    "redirect_uri is not compared at the token endpoint.",
    "Compare it letter by letter.",
)
OTHER_CLIENT: Final = _check(
    "code-of-another-client",
    "RFC 6749 §4.1.3",
    "A code that was given to another client is refused",
    "The code is not bound to the client.",
    "Keep client and instance key with the code.",
)
NO_DPOP: Final = _check(
    "token-request-without-dpop",
    "HAIP 1.0 §4, RFC 9449 §5, §10",
    "A token request without a DPoP proof is refused",
    "Bearer tokens are still given to who brings no proof.",
    "Require a DPoP proof, by the key of dpop_jkt where there is one.",
)
OTHER_DPOP: Final = _check(
    "token-request-with-another-key",
    "RFC 9449 §10",
    "A code that was asked for under dpop_jkt is refused with a DPoP proof by another key",
    "dpop_jkt is read and not kept with the code.",
    "Keep dpop_jkt with the code, and compare it with the key of the proof.",
)
NO_CLIENT: Final = _check(
    "token-request-without-client",
    "HAIP 1.0 §4.4.1, RFC 6749 §5.2",
    "A token request without client authentication is refused with invalid_client",
    "The client is authenticated at the endpoint for pushed requests alone.",
    "Authenticate the client at the token endpoint as well.",
)
REUSE: Final = _check(
    "code-reuse",
    "RFC 6749 §4.1.2",
    "A code that was used is refused with invalid_grant",
    "Codes live until they end.",
    "Use a code up when it is redeemed, in one transaction.",
)
REVOKED: Final = _check(
    "code-reuse-revokes",
    "RFC 6749 §4.1.2, RFC 9700 §4.5",
    "The tokens of a code that came twice are good no more",
    "Tokens are not kept with the code that they came from.",
    "Revoke what was issued for the code.",
)
PRE_REUSE: Final = _check(
    "pre-authorized-code-reuse",
    "OpenID4VCI 1.0 §4.1.1, §6.3",
    "A pre-authorised code that was used is refused with invalid_grant",
    "Codes live until they end.",
    "Use a code up when it is redeemed.",
)
PRE_UNKNOWN: Final = _check(
    "pre-authorized-code-unknown",
    "OpenID4VCI 1.0 §6.3",
    "A pre-authorised code that nobody gave is refused with invalid_grant",
    "Another word is used for it.",
    "Answer invalid_grant.",
)
TX_MISSING: Final = _check(
    "tx-code-missing",
    "OpenID4VCI 1.0 §6.3",
    "A missing transaction code is refused with invalid_request",
    "The code is asked for in the offer only.",
    "Require tx_code wherever the offer has the member.",
)
TX_WRONG: Final = _check(
    "tx-code-wrong",
    "OpenID4VCI 1.0 §6.3",
    "A wrong transaction code is refused with invalid_grant",
    "Another word is used for it.",
    "Answer invalid_grant, and bound the guesses.",
)
TX_RIGHT: Final = _check(
    "tx-code-right",
    "OpenID4VCI 1.0 §6.1",
    "After one wrong guess the right transaction code is still taken",
    "The first wrong guess uses the offer up.",
    "Allow a few guesses, then end the offer.",
)
TX_UNASKED: Final = _check(
    "tx-code-unasked",
    "OpenID4VCI 1.0 §6.3",
    "A transaction code that the offer does not ask for is refused with invalid_request",
    "What is not expected is passed over.",
    "Refuse tx_code where the offer has no such member.",
)
REFRESH: Final = _check(
    "refresh-token",
    "RFC 6749 §6",
    "A refresh token gives a new access token",
    "The grant is announced and does not work.",
    "Answer a refresh with a token that works.",
)
REFRESH_KEY: Final = _check(
    "refresh-token-of-another-key",
    "RFC 9449 §5, HAIP 1.0 §4",
    "A refresh token with another DPoP key or by another wallet instance is refused",
    "Refresh tokens are bearer.",
    "Bind refresh tokens to the instance key of the client, or to the DPoP key.",
)
REFRESH_ONCE: Final = _check(
    "refresh-token-rotated",
    "RFC 9700 §4.14.2",
    "A refresh token that was replaced is refused with invalid_grant",
    "The old token stays good beside the new one.",
    "End the old token when the new one is given.",
)
STABLE: Final = _check(
    "credential-identifiers-stable",
    "OpenID4VCI 1.0 §6.2",
    "A refreshed token names the credentials as the first one did",
    "Identifiers are drawn anew for each token.",
    "Keep identifiers with the grant.",
)
UNKNOWN_GRANT: Final = _check(
    "grant-type-unknown",
    "RFC 6749 §5.2",
    "An unknown grant_type is refused with unsupported_grant_type",
    "Another word is used for it.",
    "Answer unsupported_grant_type.",
)


def code_faults(trial: Trial, record: Record) -> None:
    """Redeem codes with something wrong beside them; each takes a sign-in of its own."""
    for check, changes, words in (
        (VERIFIER, {"code_verifier": "w" * 43}, INVALID_GRANT),
        (NO_VERIFIER, {"code_verifier": None}, NO_GRANT_OR_REQUEST),
        (REDIRECT, {"redirect_uri": f"{trial.setting.redirect_uri}/elsewhere"}, INVALID_GRANT),
    ):
        client, returned = trial.code_in_person(record, trial.client(record))
        form = {name: each for name, each in {**returned.form(), **changes}.items() if each is not None}
        refused(record, trial.token(client, form, note=f"({check.id})"), check, words=words)


def unprotected(trial: Trial, record: Record) -> None:
    """Redeem codes without a DPoP proof, by another key than the one announced, and as nobody."""
    if not trial.profile.dpop_required:
        record.not_applicable(NO_DPOP, "the profile lets wallets do without")
        return
    other = trial.kit.new_key()
    for check, twists, words in (
        (NO_DPOP, Twists(dpop=left_out), DPOP_WORDS | {"invalid_request"}),
        (OTHER_DPOP, Twists(dpop=lambda draft: draft.head(jwk=dict(other.public_jwk)).by(other)), DPOP_WORDS),
        (NO_CLIENT, Twists(attestation=left_out, pop=left_out), frozenset({"invalid_client"})),
    ):
        client, returned = trial.code_in_person(record, trial.client(record))
        url = client.server.text("token_endpoint")
        answer = client.send(form_post(url, returned.form(), note=f"({check.id})"), twists)
        refused(record, answer, check, words=words, statuses=CLIENT_OR_REQUEST)


def code_of_another(trial: Trial, record: Record) -> None:
    """Redeem a code as another client."""
    _, returned = trial.code_in_person(record, trial.client(record))
    thief = trial.client(record, identity=trial.wallet("-two"))
    form = returned.form() | {"client_id": thief.client_id or ""}
    answer = trial.token(thief, form, note="as another client")
    words = NO_GRANT_OR_REQUEST | {"invalid_client", "invalid_dpop_proof"}
    refused(record, answer, OTHER_CLIENT, words=words, statuses=CLIENT_OR_REQUEST)


def code_reuse(trial: Trial, record: Record) -> None:
    """Redeem a code twice, then use the token of the first time."""
    client, returned = trial.code_in_person(record, trial.client(record))
    access = trial.redeem_code(client, returned, record)
    again = trial.token(client, returned.form(), note="with a code that was used before")
    refused(record, again, REUSE, words=INVALID_GRANT)
    late = trial.deliver(access, trial.order(access, note="with the token of a code that came twice"), record)
    refused(record, late.answer, REVOKED, words=frozenset({"invalid_token"}), statuses=TOKEN)


def pre_authorized(trial: Trial, record: Record) -> None:
    """Redeem pre-authorised codes that are used, made up, or come with a code that nobody asked for."""
    if not trial.pre_authorized_possible(record):
        record.not_applicable(PRE_REUSE, "profile or server has no pre-authorised codes")
        return
    client = trial.client(record, named=False)
    made_up = pre_authorized_form(client.secret(), None, client)
    refused(record, trial.token(client, made_up, note="with a made-up code"), PRE_UNKNOWN, words=INVALID_GRANT)
    _, form = _taken(trial, record, client, Want.PRE_AUTHORIZED)
    first = trial.token(client, form)
    record.step(first.status == 200, "the token endpoint gave no access token", first)
    refused(record, trial.token(client, form, note="with a code that was used"), PRE_REUSE, words=INVALID_GRANT)
    client = trial.client(record, named=False)
    _, form = _taken(trial, record, client, Want.PRE_AUTHORIZED)
    answer = trial.token(client, form | {"tx_code": "1234"}, note="with a transaction code that nobody asked for")
    refused(record, answer, TX_UNASKED, words=frozenset({"invalid_request"}))


def transaction_codes(trial: Trial, record: Record) -> None:
    """Redeem an offer without its transaction code, with a wrong one, and with the right one."""
    if not trial.pre_authorized_possible(record):
        record.not_applicable(TX_MISSING, "profile or server has no pre-authorised codes")
        return
    client = trial.client(record, named=False)
    given, form = _taken(trial, record, client, Want.PRE_AUTHORIZED_WITH_TX_CODE)
    right = given.tx_code or ""
    record.step(bool(right), "the offer came without its transaction code")
    form.pop("tx_code", None)
    refused(
        record, trial.token(client, form, note="without tx_code"), TX_MISSING, words=frozenset({"invalid_request"})
    )
    wrong = "".join("7" if each != "7" else "3" for each in right)
    answer = trial.token(client, form | {"tx_code": wrong}, note="with a wrong tx_code")
    refused(record, answer, TX_WRONG, words=frozenset({"invalid_grant", "invalid_tx_code"}))
    last = trial.token(client, form | {"tx_code": right})
    record.judge(TX_RIGHT, last.status == 200, "it was not taken", last)


def _taken(trial: Trial, record: Record, client: Client, want: Want) -> tuple[GivenOffer, dict[str, str]]:
    given = trial.take(want)
    if given is None:
        raise Lacking(f"no offer: {want}")
    offer = trial.offer(given, record)
    grant = offer.grants.pre_authorized_code if offer.grants else None
    if grant is None:
        record.stop("the offer has no pre-authorised code")
    return given, pre_authorized_form(grant.pre_authorized_code, given.tx_code, client)


def refresh_tokens(trial: Trial, record: Record) -> None:
    """Refresh a token: with another key, as it should be, and with the token that was replaced."""
    access = trial.fresh_access(record)
    if access.refresh_token is None:
        record.not_applicable(REFRESH, "the server gave no refresh token")
        return
    bound = access.client.dpop is not None or access.client.attested
    if bound:
        thief = trial.client(record, identity=_other_instance(trial, access))
        stolen = _refresh(trial, thief, access.refresh_token, "by another instance with another DPoP key")
        words = INVALID_GRANT | {"invalid_dpop_proof", "invalid_client"}
        refused(record, stolen, REFRESH_KEY, words=words, statuses=CLIENT_OR_REQUEST)
    answer = _refresh(trial, access.client, access.refresh_token, "")
    if bound and answer.error == "invalid_grant":
        access = trial.fresh_access(record)  # the stolen one was ended for good, as it may be
        answer = _refresh(trial, access.client, access.refresh_token or "", "")
    record.require(REFRESH, answer.status == 200, "it was not taken", answer)
    renewed = trial.access_of(access.client, answer, access.configuration_ids, record, by_code=access.by_details)
    if access.identifiers and renewed.identifiers:
        same = dict(renewed.identifiers) == dict(access.identifiers)
        record.judge(STABLE, same, "they are others", answer)
    if renewed.refresh_token in (None, access.refresh_token):
        record.not_applicable(REFRESH_ONCE, "refresh tokens are bound to a key and not replaced")
        return
    late = _refresh(trial, access.client, access.refresh_token or "", "with a refresh token that was replaced")
    refused(record, late, REFRESH_ONCE, words=INVALID_GRANT, statuses=REQUEST)


def _other_instance(trial: Trial, access: Access) -> WalletIdentity | None:
    identity = access.client.identity
    return replace(identity, instance=trial.kit.new_key()) if identity else None


def _refresh(trial: Trial, client: Client, refresh_token: str, note: str) -> Answer:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    if client.client_id is not None:
        form["client_id"] = client.client_id
    return trial.token(client, form, note=note)


def unknown_grant(trial: Trial, record: Record) -> None:
    """Ask for a grant that there is not."""
    client = trial.client(record)
    form = {"grant_type": "urn:example:unknown", "client_id": client.client_id or ""}
    answer = trial.token(client, form, note="with an unknown grant_type")
    refused(record, answer, UNKNOWN_GRANT, words=frozenset({"unsupported_grant_type"}))


MODULES: Final = (
    Module(f"{OWN}authorization-code-faults", "Codes that come with something wrong", code_faults),
    Module(f"{OWN}token-request-protection", "Token requests without proof of key or client", unprotected),
    Module(f"{OWN}authorization-code-of-another-client", OTHER_CLIENT.title, code_of_another),
    Module(f"{OWN}authorization-code-reuse", REUSE.title, code_reuse),
    Module(f"{OWN}pre-authorized-code-faults", "Pre-authorised codes that must not be redeemed", pre_authorized),
    Module(f"{OWN}transaction-codes", "Transaction codes", transaction_codes),
    Module(f"{OWN}refresh-tokens", "Refresh tokens", refresh_tokens),
    Module(f"{OWN}unknown-grant-type", UNKNOWN_GRANT.title, unknown_grant),
)
