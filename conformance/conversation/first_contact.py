"""The first request of a run: whether anything that could be an issuer answers, and why else nothing does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from portadoc.conformance.checks import Lacking
from portadoc.conformance.conversation.connection import speaks_plain, speaks_tls
from portadoc.conformance.conversation.published import Published, well_known
from portadoc.conformance.wire import JSON_TYPE, JWT_TYPE, Answer, Wire
from portadoc.fetch import is_loopback_host

_DOCUMENT: Final = "openid-credential-issuer"
_ANSWERED: Final = ("limit_exceeded", "truncated", "content_encoding")
"""Failures of an answer that came: a fault of the issuer that the modules tell."""


@dataclass(frozen=True, slots=True)
class Contact:
    """``refusal`` says in one sentence why nothing that could be an issuer answers; empty when something does.

    ``configurations`` are the names in its metadata, as far as they can be read.
    """

    refusal: str = ""
    configurations: tuple[str, ...] = ()


def first_contact(wire: Wire, url: str, *, own_authority: bool) -> Contact:
    """Read the metadata of an issuer once. An issuer whose metadata have a fault is an issuer all the same.

    Raises Exhausted. Spec: OpenID4VCI 1.0 §12.2.2.
    """
    answer = wire.get(well_known(url, _DOCUMENT))
    if _could_be_issuer(answer):
        return Contact("", tuple(Published(url, answer.json or {}).configurations))
    if answer.status and urlsplit(url).path.strip("/"):
        appended = wire.get(f"{url.rstrip('/')}/.well-known/{_DOCUMENT}")
        if _could_be_issuer(appended):  # published at the wrong place, which the modules tell
            return Contact("", tuple(Published(url, appended.json or {}).configurations))
    parts = urlsplit(url)
    return Contact(_of_failure(answer, parts, own_authority) if answer.failure else _of_answer(answer, parts))


def _could_be_issuer(answer: Answer) -> bool:
    if answer.failure:
        return any(word in answer.failure.split() for word in _ANSWERED)
    return answer.ok and (answer.content_type in (JSON_TYPE, JWT_TYPE) or answer.json is not None)


def _of_answer(answer: Answer, parts: SplitResult) -> str:
    where = _where(parts)
    if parts.scheme == "http" and answer.status == 400 and _sees(speaks_tls, parts):
        return f"{where} speaks TLS: use https://{parts.netloc}{parts.path}"
    if 300 <= answer.status < 400:
        return f"{where} answers with a redirect ({answer.status}): name the issuer as its offers name it"
    path = "has another path" if parts.path.strip("/") else "has a path"
    example = f"{parts.scheme}://{parts.netloc}/issuer/NAME"
    return (
        f"{where} answers {answer.arrived} where an issuer publishes its metadata: "
        f"there is no OpenID4VCI issuer, or its identifier {path} (such as {example})"
    )


def _of_failure(answer: Answer, parts: SplitResult, own_authority: bool) -> str:
    _, _, reason = answer.failure.partition(" ")
    where, host = _where(parts), parts.hostname or ""
    if reason.startswith("tls"):
        return _of_tls(reason, parts, own_authority)
    if reason == "protocol" and parts.scheme == "http" and _sees(speaks_tls, parts):
        return f"{where} speaks TLS: use https://{parts.netloc}{parts.path}"
    if reason == "scheme":
        return f"{host} is not this machine: any other one is asked over https alone"
    if reason == "address" and not is_loopback_host(host):
        return f"{host} has no public address: the kit calls those and this machine alone"
    told = {
        "dns": f"the name {host} does not resolve",
        "connect": f"nothing answers at {where}",
        "timeout": f"{where} does not answer in time",
        "protocol": f"{where} does not speak HTTP",
    }
    return told.get(reason, f"{where} cannot be asked ({answer.failure})")


def _of_tls(reason: str, parts: SplitResult, own_authority: bool) -> str:
    host = parts.hostname or ""
    advice = "--ca-file names another one" if own_authority else "name it with --ca-file"
    faults = {
        "tls certificate authority": f"its authority is unknown ({advice})",
        "tls certificate name": "it is for another name",
        "tls certificate time": "it has ended or has not begun",
    }
    if reason in faults:
        return f"the certificate of {host} is not believed: {faults[reason]}"
    if _sees(speaks_plain, parts):
        return f"{_where(parts)} speaks plain HTTP and no TLS"
    return f"no connection under TLS comes about with {_where(parts)} ({reason})"


def _sees(speaks: Callable[[str, int], bool], parts: SplitResult) -> bool:
    try:
        return speaks(parts.hostname or "", _port(parts))
    except Lacking:
        return False


def _where(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]:{_port(parts)}" if ":" in host else f"{host}:{_port(parts)}"


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return 0
