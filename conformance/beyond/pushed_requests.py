"""Authorization requests that must not be taken. Spec: RFC 9126, RFC 7636, RFC 9700 §2.1, HAIP 1.0 §4."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from portadoc.conformance.beyond.proofs import OWN
from portadoc.conformance.checks import Check, Module, Record
from portadoc.conformance.conversation import authorization
from portadoc.conformance.conversation.authorization import PAR, Asked, push
from portadoc.conformance.conversation.client import Client
from portadoc.conformance.refusals import refused
from portadoc.conformance.suite.client_attestations import push_control
from portadoc.conformance.trial import Trial
from portadoc.conformance.wire import Answer

_CHALLENGE: Final = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongPush:
    """A pushed request that is wrong in one way."""

    name: str
    clause: str
    note: str
    cause: str
    mend: str
    change: Callable[[Asked], Asked]
    words: frozenset[str] = frozenset({"invalid_request"})

    def module(self) -> Module:
        """Return the module that sends it."""
        return Module(f"{OWN}{self.name}", f"A pushed request {self.note} is refused", self.run)

    def run(self, trial: Trial, record: Record) -> None:
        """Push the request. Raises Stopped."""
        title = f"A pushed request {self.note} is refused"
        check = Check(f"{self.name}-refused", self.clause, title, self.cause, self.mend)
        client = pushing(trial, record, check)
        if client is None:
            return
        push_control(trial, record)
        answer = push(client, self.change(trial.ask(record, client)), note=self.note)
        refused(record, answer, check, words=self.words)


def pushing(trial: Trial, record: Record, check: Check) -> Client | None:
    """Return a client of a server that takes pushed requests; None where there is no such endpoint."""
    client = trial.client(record)
    if client.server.text(PAR):
        return client
    record.not_applicable(check, "the server takes no pushed requests")
    return None


CASES: Final = (
    WrongPush(
        name="pkce-missing",
        clause="RFC 7636 §4.4.1, HAIP 1.0 §4",
        note="without code_challenge",
        cause="PKCE is optional.",
        mend="Require code_challenge with the method S256.",
        change=lambda asked: asked.changed(code_challenge=None, code_challenge_method=None),
    ),
    WrongPush(
        name="pkce-plain",
        clause="RFC 7636 §4.2, RFC 9700 §2.1.1",
        note="with the code challenge method plain",
        cause="Both methods of the RFC are on.",
        mend="Accept S256 alone.",
        change=lambda asked: asked.changed(code_challenge=_CHALLENGE, code_challenge_method="plain"),
    ),
    WrongPush(
        name="redirect-uri-of-a-script",
        clause="RFC 9700 §2.1, RFC 9126 §2.4",
        note="with a redirect address that runs a script",
        cause="redirect_uri is taken as it comes.",
        mend="Refuse addresses that are not the client's own.",
        change=lambda asked: asked.changed(redirect_uri="javascript:alert(1)"),
        words=frozenset({"invalid_request", "invalid_redirect_uri"}),
    ),
    WrongPush(
        name="redirect-uri-with-fragment",
        clause="RFC 6749 §3.1.2",
        note="with a fragment in the redirect address",
        cause="redirect_uri is not looked into.",
        mend="Refuse redirect addresses with a fragment.",
        change=lambda asked: asked.changed(redirect_uri=f"{asked.parameters['redirect_uri']}#part"),
        words=frozenset({"invalid_request", "invalid_redirect_uri"}),
    ),
    WrongPush(
        name="request-uri-in-pushed-request",
        clause="RFC 9126 §2.1",
        note="that refers to another one",
        cause="request_uri is read at this endpoint as well.",
        mend="Refuse request_uri in a pushed request.",
        change=lambda asked: asked.changed(request_uri="urn:ietf:params:oauth:request_uri:other"),
    ),
    WrongPush(
        name="response-type-token",
        clause="RFC 9700 §2.1.2",
        note="for the response type token",
        cause="The implicit grant is still on.",
        mend="Support response_type=code alone.",
        change=lambda asked: asked.changed(response_type="token"),
        words=frozenset({"invalid_request", "unsupported_response_type", "unauthorized_client"}),
    ),
)

REQUIRED: Final = Check(
    "par-required",
    "HAIP 1.0 §4, RFC 9126 §4",
    "A request that was not pushed is not begun",
    "The authorization endpoint takes parameters as it did before.",
    "Require request_uri at the authorization endpoint.",
)
UNKNOWN: Final = Check(
    "request-uri-unknown",
    "RFC 9126 §4",
    "A request_uri that nobody pushed is not begun",
    "An unknown reference is answered with a page that begins something.",
    "Refuse it.",
)
BEGUN: Final = Check(
    "request-uri-begun",
    "RFC 9126 §4",
    "A request that was pushed is begun at the authorization endpoint",
    "request_uri is not understood there.",
    "Read the request that was pushed.",
)
FOREIGN: Final = Check(
    "request-uri-of-another",
    "RFC 9126 §2.2, §4",
    "A request_uri is good for the client that pushed it alone",
    "client_id is not compared with the client that pushed the request.",
    "Bind request_uri to the client.",
)
ONCE: Final = Check(
    "request-uri-once",
    "RFC 9126 §4, §7.3",
    "A request_uri that was used is not begun again",
    "References live until they end.",
    "Use a request_uri up when the person has come.",
)
SCOPES: Final = Check(
    "unknown-scope-ignored",
    "OpenID4VCI 1.0 §5.1.2",
    "A pushed request with a scope that the server does not know, beside one that it knows, is taken",
    "Unknown scopes are answered with invalid_scope.",
    "Pass over scopes that you do not know.",
)
ENTROPY: Final = Check(
    "request-uri-entropy",
    "RFC 9126 §2.2, §7.1",
    "Every request_uri has a part of its own that cannot be guessed",
    "Requests are numbered.",
    "Put at least 128 random bits into it.",
)
ISS: Final = Check(
    "iss-in-answer",
    "RFC 9207 §2, HAIP 1.0 §4",
    "The answer carries iss, letter by letter the server's identifier",
    "iss is left out, or is another address of the server.",
    "Add iss to every authorization response.",
)
STATE: Final = Check(
    "state-in-answer",
    "RFC 6749 §4.1.2",
    "The answer carries the state of the request",
    "state is dropped or encoded anew.",
    "Echo state as it came.",
)
BACK: Final = Check(
    "answer-to-the-address",
    "RFC 6749 §4.1.2",
    "The answer goes to the redirect address of the request",
    "The address is changed on the way.",
    "Send the browser to the very address that was pushed.",
)


def begun(answer: Answer) -> bool:
    """Tell whether the authorization endpoint goes on with a request: a page, or a way that is no error."""
    if 300 <= answer.status < 400:
        return "error=" not in answer.headers.get("location", "")
    return answer.ok


def _open(trial: Trial, url: str, note: str) -> Answer:
    return trial.wire.get(url, accept="text/html", note=note)


def unknown_scope(trial: Trial, record: Record) -> None:
    """Push a request by scope, with one scope too many."""
    client = pushing(trial, record, SCOPES)
    if client is None:
        return
    scope = trial.issuer(record).configurations.get(trial.configuration_id(record), {}).get("scope")
    if not isinstance(scope, str):
        record.not_applicable(SCOPES, "the configuration has no scope")
        return
    push_control(trial, record)
    asked = trial.ask(record, client).changed(authorization_details=None, scope=f"{scope} nobody-knows-this-scope")
    answer = push(client, asked, note="with a scope that nobody knows")
    record.judge(SCOPES, answer.status == 201, "it was refused", answer)


def par_required(trial: Trial, record: Record) -> None:
    """Ask at the authorization endpoint without pushing anything."""
    client = pushing(trial, record, REQUIRED)
    if client is None:
        return
    required = client.server.content.get("require_pushed_authorization_requests") is True
    if not required and not trial.profile.high_assurance:
        record.not_applicable(REQUIRED, "neither server nor profile asks for pushed requests")
        return
    asked = trial.ask(record, client)
    answer = _open(
        trial, authorization.address(client.server, asked.parameters), "with a request that was not pushed"
    )
    record.judge(REQUIRED, not begun(answer), "it was begun", answer)


def request_uris(trial: Trial, record: Record) -> None:
    """Refer to requests that are unknown, or another client's."""
    client = pushing(trial, record, UNKNOWN)
    if client is None:
        return
    asked = trial.ask(record, client)
    answers = [push(client, trial.ask(record, client)) for _ in range(2)]
    given = [str((each.json or {}).get("request_uri", "")) for each in answers]
    record.step(all(given), f"the pushed request was not taken{client.why_refused(answers[0])}", answers[0])
    record.judge(
        ENTROPY, given[0] != given[1] and all(len(each) >= 22 for each in given), "they do not", answers[0]
    )
    own = asked.parameters["client_id"]
    for check, named, reference in (
        (BEGUN, own, given[1]),
        (UNKNOWN, own, "urn:ietf:params:oauth:request_uri:nobody-pushed-this"),
        (FOREIGN, "https://other-wallet.example", given[0]),
    ):
        url = authorization.address(client.server, {"client_id": named, "request_uri": reference})
        answer = _open(trial, url, f"({check.id})")
        there = begun(answer)
        record.judge(check, there == (check is BEGUN), "it was begun" if there else "it was refused", answer)


def answer_in_person(trial: Trial, record: Record) -> None:
    """Sign in once; look at what the browser brings, and open the same request again."""
    client = trial.client(record)
    asked = trial.ask_with_offer(record, client)
    opened = authorization.opened(client, asked, record)
    returned_to = trial.sign_in(opened)
    returned = authorization.come_back(asked, returned_to)
    record.step(bool(returned.code), "the browser came back without a code")
    own = asked.parameters["redirect_uri"]
    record.judge(BACK, returned_to.partition("?")[0] == own.partition("?")[0], "it went elsewhere")
    promised = client.server.content.get("authorization_response_iss_parameter_supported") is True
    named = returned.parameters.get("iss")
    if promised or trial.profile.high_assurance or named is not None:
        record.judge(ISS, named == client.server.text("issuer"), f"iss is {named!r}"[:200])
    record.judge(STATE, returned.parameters.get("state") == asked.parameters["state"], "it is missing or another")
    if client.server.text(PAR):
        answer = _open(trial, opened, "for the second time")
        record.judge(ONCE, not begun(answer), "it was begun", answer)


MODULES: Final = (
    *(case.module() for case in CASES),
    Module(f"{OWN}unknown-scope", SCOPES.title, unknown_scope),
    Module(f"{OWN}par-required", REQUIRED.title, par_required),
    Module(f"{OWN}request-uris", "References to pushed requests", request_uris),
    Module(f"{OWN}authorization-response", "What the browser brings back", answer_in_person),
)
