"""What each page of a journey shows: values for its template, read from the services and changed by nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from portadoc.errors import Conflict
from portadoc.formats.jws import unverified_claims
from portadoc.formats.sd_jwt import parse, process
from portadoc.formats.sd_jwt.processing import ProcessedClaims
from portadoc.schemas.catalogue import credential_configuration
from portadoc.tour.journeys import Journey, authority_of, person_of
from portadoc.tour.labels import claim_label, shown_claims
from portadoc.tour.progress import Progress, Question
from portadoc.tour.steps import Tour, asked
from portadoc.tour.texts import Reader
from portadoc.tour.verdicts import shown_result
from portadoc.verification.presets.presets import preset
from portadoc.verifier.settings import VerifierSettings
from portadoc.wallet_sim.store import HeldCredential
from portadoc.web.pages.qr_codes import qr_code

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor at one page of a journey."""

    tour: Tour
    journey: Journey
    progress: Progress
    reader: Reader
    verifier: VerifierSettings
    other_journey: str

    @property
    def institution_name(self) -> str:
        """The name under which the institution decides."""
        return authority_of(self.tour.record(self.journey))

    @property
    def verifier_name(self) -> str:
        """The name of the institution that asks."""
        names = self.verifier.by_slug[self.journey.verifier].names
        return names.get(self.reader.language) or next(iter(names.values()))

    def type_name(self, configuration_id: str) -> str:
        """Return what a type of attestation is called."""
        names = {display.locale: display.name for display in credential_configuration(configuration_id).display}
        return names[self.reader.language]


def offer(visit: Visit) -> Content:
    """The institution's screen: the decision, and its offer as QR code, link and transaction code."""
    record = visit.tour.record(visit.journey)
    claims = credential_configuration(visit.journey.configuration_id).projection.project(record)
    return {
        "person": person_of(record),
        "claims": shown_claims(visit.journey.vct, claims, visit.reader),
        "link": visit.progress.offer_uri,
        "qr": qr_code(visit.progress.offer_uri, visit.reader.say("offer.qr")),
        "tx_code": visit.progress.tx_code,
        "until": visit.reader.time(visit.progress.offer_expires_at),
        "taken": bool(visit.progress.held),
    }


def wallet(visit: Visit) -> Content:
    """The wallet's screen: what it took, and what else it holds."""
    copies = visit.tour.held(visit.progress)
    content = _content(copies[0])
    others = [visit.type_name(copy.configuration_id) for copy in visit.tour.others(visit.progress)]
    return {
        "copies": len(copies),
        "claims": shown_claims(visit.journey.vct, content.claims, visit.reader, marked=content.disclosed),
        "issuer": content.claims["iss"],
        "others": [(name, others.count(name)) for name in sorted(set(others))],
    }


def request(visit: Visit) -> Content:
    """The verifier's screen: what it asks for, as QR code and link."""
    question = asked(visit.progress.question)
    wanted = preset(visit.journey.preset).query["credentials"][0]["claims"]
    labels = (claim_label(visit.journey.vct, tuple(claim["path"]), visit.reader) for claim in wanted)
    return {
        "wanted": list(dict.fromkeys(labels)),
        "link": question.link,
        "qr": qr_code(question.link, visit.reader.say("request.qr")),
        "until": visit.reader.time(question.expires_at),
    }


def consent(visit: Visit) -> Content:
    """The wallet's screen again: who asks, what would be shared, what stays hidden."""
    preview = visit.tour.preview(visit.progress, asked(visit.progress.question))
    if not preview.shared:
        raise Conflict("tour_step_missing")
    shared = preview.shared[0]
    opened = set(shared.disclosed)
    hidden = [path for path in _content(shared.credential).disclosed if path not in opened]
    shown = shown_claims(visit.journey.vct, shared.claims, visit.reader, marked=opened)
    return {
        "verifier_id": preview.request.verifier_id,
        "country": preview.request.verifier_country,
        "opened": [claim for claim in shown if claim.marked],
        "readable": [claim for claim in shown if not claim.marked],
        "hidden": [claim_label(visit.journey.vct, path, visit.reader) for path in hidden],
    }


def report(visit: Visit) -> Content:
    """The verifier's report on the first answer."""
    return _report(visit, asked(visit.progress.question))


def refusal(visit: Visit) -> Content:
    """The verifier's report on the answer after the withdrawal."""
    return {**_report(visit, asked(visit.progress.second_question)), "other": visit.other_journey}


def withdrawal(visit: Visit) -> Content:
    """The institution's screen: what the withdrawal has done."""
    if visit.progress.withdrawn is None:
        raise Conflict("tour_step_missing")
    claims = _content(visit.tour.held(visit.progress)[0]).claims
    return {"withdrawn": visit.progress.withdrawn, "list_uri": claims["status"]["status_list"]["uri"]}


VIEWS: Final[Mapping[str, Callable[[Visit], Content]]] = {
    "offer": offer,
    "wallet": wallet,
    "request": request,
    "consent": consent,
    "report": report,
    "withdrawal": withdrawal,
    "refusal": refusal,
}


def _report(visit: Visit, question: Question) -> Content:
    result = visit.tour.result(visit.journey, question)
    if result is None:
        raise Conflict("tour_step_missing")
    shown = shown_result(result, visit.journey.vct, visit.reader)
    return {"result": shown, "at": "" if shown.as_of is None else visit.reader.time(shown.as_of)}


def _content(credential: HeldCredential) -> ProcessedClaims:
    """Return what a credential says; the wallet verified it when it took it."""
    held = parse(credential.sd_jwt)
    return process(unverified_claims(held.jws_text), held.disclosures)
