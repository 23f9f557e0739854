"""The situations of an inspector or a care desk, each with the words that the screen says then.

``given`` makes the document really, in a town of its own; the words are keys of the catalogue. The page
docs/inspecting-verdicts.md is written from this table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from portadoc.formats.animated_qr.proximity import AUDIENCE, UNSOLICITED
from portadoc.formats.sd_jwt import bind, select
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.keys.private_jwk import signer_from_private_jwk
from portadoc.schemas.ehic import Ehic
from portadoc.schemas.examples import example
from portadoc.wallet_sim.nearby.proximity import choices
from tests.browser.inspector.town import (
    A1,
    DAY,
    ENDED,
    ENDING,
    HEALTH,
    LATE,
    SECONDS_PER_DAY,
    Town,
    altered,
    today,
)

Colour = Literal["green", "amber", "red", ""]
Way = Literal["paste", "phone", "phone_other", "wallet", "typed", "same", "different"]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One situation. ``way`` is how the document comes to the app, or what is done with the verdict.

    ``moved`` are seconds by which the device's clock runs on; ``ready`` says whether the device's trust pack is
    younger than the document. No ``colour``: nothing was judged, and the screen says what was scanned.
    """

    id: str
    what: str
    given: Callable[[Town], str] | None = None
    way: Way = "paste"
    purpose: Literal["inspection", "care"] = "inspection"
    state: str = ""
    employer: str = ""
    treated_days_ago: int = 0
    moved: int = 0
    ready: bool = True
    colour: Colour = ""
    headline: str
    reason: str = ""


def _seal(**changes: object) -> Callable[[Town], str]:
    return lambda town: town.sealed_a1(**changes)


def _card_withdrawn_today(town: Town) -> str:
    card = example("insured-traveller", today())
    assert isinstance(card, Ehic)
    return town.withdrawn(card, HEALTH, WithdrawalReason.FACTS_CHANGED)


def _without_places(town: Town) -> str:
    held = town.held("pda1-webuild")
    paths = [path for path, _ in choices(held) if path[0] != "placesOfWork"]
    return select(held.sd_jwt, paths)


def _signed_ten_minutes_ago(town: Town) -> str:
    held = town.held()
    signer = signer_from_private_jwk(held.holder_key)
    long_ago = town.house.clock.now() - 600
    return bind(select(held.sd_jwt, []), audience=AUDIENCE, nonce=UNSOLICITED, now=long_ago, signer=signer)


def _code_on_paper(town: Town) -> str:
    record_id = town.issuer.upload(A1, town.a1())
    return town.issuer.seal(A1, record_id, pin="none").verification_url


def _told(kind: str, name: str, what: str, text: str) -> Situation:
    """Return the situation of a code that is no attestation of ours."""
    words = f"told.{kind}"
    return Situation(id=name, what=what, given=lambda _: text, headline=words, reason=f"{words}.note")


IN_FORCE = "verdict.holder_not_proven.seal.headline"
NOT_KNOWN = "verdict.status_not_known.headline"
NOT_IN_FORCE = "verdict.not_in_force_on_date.headline"
NOT_AUTHENTIC = "verdict.not_authentic.headline"
WITHDRAWN = "verdict.withdrawn_or_replaced.headline"

SITUATIONS = (
    Situation(
        id="seal-in-force",
        what="The printed seal of an A1 that is in force",
        given=_seal(),
        colour="amber",
        headline=IN_FORCE,
    ),
    Situation(
        id="person-compared",
        what="The printed seal of an A1, and the inspector found that it is the same person",
        given=_seal(),
        way="same",
        colour="green",
        headline="verdict.compared_same.headline",
    ),
    Situation(
        id="another-person",
        what="The printed seal of an A1, and the inspector found that it is another person",
        given=_seal(),
        way="different",
        colour="red",
        headline="verdict.compared_different.headline",
    ),
    Situation(
        id="state-covered",
        what="An A1 for work in Germany, scanned in Germany",
        given=_seal(),
        state="DE",
        colour="amber",
        headline=IN_FORCE,
    ),
    Situation(
        id="state-not-covered",
        what="An A1 for work in Germany, scanned in Italy",
        given=_seal(),
        state="IT",
        colour="red",
        headline="verdict.does_not_cover_work.headline",
        reason="reason.state_not_covered",
    ),
    Situation(
        id="wrong-employer",
        what="The A1 of another employer than the one of the visit",
        given=_seal(),
        state="DE",
        employer="TEST 000 111 222",
        colour="red",
        headline="verdict.does_not_cover_work.headline",
        reason="reason.employer_not_covered",
    ),
    Situation(
        id="places-not-shown",
        what="A credential whose holder kept the places of work back, scanned in Italy",
        given=_without_places,
        state="IT",
        colour="amber",
        headline="verdict.work_not_shown.headline",
        reason="reason.work_not_shown",
    ),
    Situation(
        id="not-begun",
        what="An A1 whose period begins in ten days",
        given=lambda town: town.sealed_a1(start=today() + 10 * DAY),
        colour="red",
        headline=NOT_IN_FORCE,
        reason="reason.coverage_not_started",
    ),
    Situation(
        id="ended",
        what="An A1 whose period ended five days ago",
        given=lambda town: town.sealed_a1(start=today() - 60 * DAY, end=today() - 5 * DAY),
        colour="red",
        headline=NOT_IN_FORCE,
        reason="reason.coverage_ended",
    ),
    Situation(
        id="document-expired",
        what="A document that expired the day before, by the clock of a device that was long without network",
        given=lambda town: town.sealed_a1(expiry=today() + DAY),
        moved=2 * SECONDS_PER_DAY,
        colour="red",
        headline=NOT_IN_FORCE,
        reason="reason.document_expired",
    ),
    Situation(
        id="withdrawn",
        what="An A1 that the institution withdrew",
        given=lambda town: town.withdrawn(town.a1(), A1, WithdrawalReason.ISSUED_IN_ERROR),
        colour="red",
        headline=WITHDRAWN,
        reason="reason.withdrawn",
    ),
    Situation(
        id="replaced",
        what="An A1 that was replaced by another",
        given=lambda town: town.withdrawn(town.a1(), A1, WithdrawalReason.SUPERSEDED, town.a1()),
        colour="red",
        headline=WITHDRAWN,
        reason="reason.withdrawn",
    ),
    Situation(
        id="applied-for",
        what="A proof that an A1 was applied for, scanned in the State of work",
        given=lambda town: town.application(),
        state="DE",
        colour="amber",
        headline="verdict.applied_not_decided.headline",
        reason="verdict.applied_not_decided.action",
    ),
    Situation(
        id="application-decided",
        what="A proof of an application that was decided since",
        given=lambda town: town.application(decided=True),
        colour="red",
        headline="verdict.withdrawn_or_replaced.application.headline",
        reason="reason.withdrawn",
    ),
    Situation(
        id="stranger",
        what="A seal that names a known institution, signed under a root that nobody trusts",
        given=lambda town: town.of_a_stranger(),
        colour="red",
        headline=NOT_AUTHENTIC,
        reason="reason.signer_unknown",
    ),
    Situation(
        id="altered",
        what="A genuine seal in which one letter of the name was changed",
        given=lambda town: altered(town.sealed_a1(), b"Testelin", b"Festelin"),
        colour="red",
        headline=NOT_AUTHENTIC,
        reason="reason.signature_wrong",
    ),
    Situation(
        id="misread",
        what="A seal of which one character is wrong",
        given=lambda town: town.sealed_a1()[:-1],
        colour="red",
        headline=NOT_AUTHENTIC,
        reason="reason.not_readable",
    ),
    Situation(
        id="entitlement-ended",
        what="A seal of an institution whose entitlement had ended before the trust pack was made",
        given=_seal(slug=ENDED),
        colour="red",
        headline=NOT_AUTHENTIC,
        reason="reason.signer_unknown",
    ),
    Situation(
        id="entitlement-ends",
        what="A seal of an institution whose entitlement has ended since, as the trust pack says",
        given=_seal(slug=ENDING),
        moved=3 * SECONDS_PER_DAY,
        colour="red",
        headline=NOT_AUTHENTIC,
        reason="reason.certificate_expired",
    ),
    Situation(
        id="list-missing",
        what="A seal of an institution whose status list is not in the trust pack",
        given=_seal(slug=LATE),
        ready=False,
        colour="amber",
        headline=NOT_KNOWN,
        reason="reason.status_unknown",
    ),
    Situation(
        id="lists-old",
        what="A device without network for two days: the status lists have ended",
        given=_seal(),
        moved=2 * SECONDS_PER_DAY,
        colour="amber",
        headline=NOT_KNOWN,
        reason="reason.status_unknown",
    ),
    Situation(
        id="trust-old",
        what="A device without network for eight days: the trust data have ended",
        given=_seal(),
        moved=8 * SECONDS_PER_DAY,
        colour="amber",
        headline=NOT_KNOWN,
        reason="reason.pack_old",
    ),
    Situation(
        id="phone-answers",
        what="A phone without network that answers the number on the inspector's screen",
        given=lambda town: town.held("pda1-webuild").id,
        way="phone",
        colour="green",
        headline="verdict.authentic_in_force.headline",
    ),
    Situation(
        id="phone-unasked",
        what="A phone that shows its moving code without a number",
        given=lambda town: town.house.wallet.show(town.held().id, challenge=UNSOLICITED).text,
        colour="amber",
        headline="verdict.holder_not_proven.unsolicited.headline",
        reason="verdict.holder_not_proven.unnamed.action",
    ),
    Situation(
        id="phone-replayed",
        what="A phone that shows what was signed for another number",
        given=lambda town: town.held().id,
        way="phone_other",
        colour="amber",
        headline="verdict.holder_not_proven.headline",
        reason="reason.holder_proof_failed",
    ),
    Situation(
        id="phone-old",
        what="A moving code that was signed ten minutes ago",
        given=_signed_ten_minutes_ago,
        colour="amber",
        headline="verdict.holder_not_proven.headline",
        reason="reason.holder_proof_old",
    ),
    Situation(
        id="stored-copy",
        what="A credential as a file, without a holder",
        given=lambda town: town.held().sd_jwt,
        colour="amber",
        headline="verdict.holder_not_proven.headline",
        reason="verdict.holder_not_proven.unnamed.action",
    ),
    Situation(
        id="phone-names-nobody",
        what="A phone without network that answers with an A1 of a layout without names",
        given=lambda town: town.held().id,
        way="phone",
        colour="green",
        headline="verdict.authentic_in_force.headline",
        reason="verdict.authentic_in_force.unnamed.action",
    ),
    Situation(
        id="wallet-asked",
        what="A wallet that answers the question of the app, with network",
        given=lambda town: town.held().id,
        way="wallet",
        colour="green",
        headline="verdict.authentic_in_force.headline",
    ),
    Situation(
        id="card-in-force",
        what="The printed seal of a health card, at a care desk",
        given=lambda town: town.sealed_card(),
        purpose="care",
        colour="amber",
        headline=IN_FORCE,
    ),
    Situation(
        id="card-withdrawn-since",
        what="A health card that was withdrawn today, for a treatment three days ago",
        given=_card_withdrawn_today,
        purpose="care",
        treated_days_ago=3,
        colour="amber",
        headline=IN_FORCE,
        reason="reason.withdrawn_later",
    ),
    Situation(
        id="replacement-in-force",
        what="A provisional replacement certificate, at a care desk",
        given=lambda town: town.sealed_replacement(start=today() - 2 * DAY, end=today() + 60 * DAY),
        purpose="care",
        colour="amber",
        headline=IN_FORCE,
    ),
    Situation(
        id="replacement-ended",
        what="A provisional replacement certificate that has ended",
        given=lambda town: town.sealed_replacement(start=today() - 40 * DAY, end=today() - 3 * DAY),
        purpose="care",
        colour="red",
        headline=NOT_IN_FORCE,
        reason="reason.coverage_ended",
    ),
    Situation(
        id="a1-at-care-desk",
        what="An A1 at a care desk",
        given=_seal(),
        purpose="care",
        headline="screen.hidden.care",
    ),
    Situation(
        id="application-at-care-desk",
        what="A proof that an A1 was applied for, at a care desk",
        given=lambda town: town.application(),
        purpose="care",
        headline="screen.hidden.care",
    ),
    Situation(
        id="card-at-inspection",
        what="A health card at an inspection",
        given=lambda town: town.sealed_card(),
        headline="screen.hidden.inspection",
    ),
    Situation(
        id="no-trust-data",
        what="A device that was never connected",
        given=_seal(),
        ready=False,
        headline="screen.failed",
        reason="note.failed.pack_missing",
    ),
    Situation(
        id="paper-without-code",
        what="A paper without any code, typed",
        way="typed",
        colour="amber",
        headline="verdict.paper.headline",
    ),
    Situation(
        id="verification-code",
        what="The verification code of a paper, without network",
        given=_code_on_paper,
        headline="screen.code",
        reason="note.code_offline",
    ),
    _told(
        "two_d_doc",
        "two-d-doc",
        "A French 2D-DOC",
        "DC04FR0AXT4A0E840E8A0001FR26FR247500010MME/SPECIMEN/NATACHA\u001f",
    ),
    _told(
        "hc1",
        "hc1",
        "An EU Digital COVID Certificate",
        "HC1:6BFOXN%TSMAHN-H3O4:PVH AJ2J$9J0II:C5CI9VOSN03DN9TNPPIAHTDH4",
    ),
    _told(
        "shc",
        "shc",
        "A SMART Health Card",
        "shc:/567629095243206034602924374044603122295953265460346029254077280433",
    ),
    _told(
        "mdoc",
        "mdoc",
        "The code of a mobile driving licence",
        "mdoc:owBjMS4wAYIB2BhYS6QBAiABIVggWojRgrzl9C76WZQ-MzWdAuipaP8onZPl",
    ),
    _told("script", "script", "A code that wants something done", "javascript:document.title='run'"),
    _told(
        "link",
        "look-alike",
        "A link to a host that looks like another",
        "https://portadoc.example@xn--prtadoc-o2a.example/v/ABCD-EFGH-JKMN-PQRS",
    ),
)


def treatment_day(situation: Situation) -> str:
    """Return the day of treatment that a care desk asks about; empty for today."""
    ago = situation.treated_days_ago
    return "" if ago == 0 else (today() - timedelta(days=ago)).isoformat()
