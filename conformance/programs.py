"""What the operator of the issuer under test gives: offers, and somebody who signs in.

The package's docstring is the contract of the two programs.
"""

import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final, Protocol

from portadoc.conformance.checks import Lacking

PROGRAM_SECONDS: Final = 120
MAX_OUTPUT_CHARS: Final = 64 * 1024


class Want(StrEnum):
    """What a module needs an offer for."""

    PRE_AUTHORIZED = "pre-authorized"
    PRE_AUTHORIZED_WITH_TX_CODE = "pre-authorized-with-tx-code"
    AUTHORIZATION_CODE = "authorization-code"
    DEFERRED = "deferred"
    SEVERAL = "several"
    DEFERRED_READY = "deferred-ready"


@dataclass(frozen=True, slots=True)
class GivenOffer:
    """An offer as a link, and the transaction code that came with it by another way."""

    link: str = field(repr=False)
    tx_code: str | None = field(default=None, repr=False)


class OfferSource(Protocol):
    """Give an offer of a kind, each once; None where there is none."""

    def take(self, want: Want) -> GivenOffer | None: ...


class NoOffers:
    """The source of who has no offers."""

    def take(self, want: Want) -> GivenOffer | None:
        """Return None."""
        return None


class ListedOffers:
    """Offers from the command line: ``kind_of`` tells what an offer is good for, each is given out once."""

    def __init__(
        self, links: Sequence[str], tx_code: str | None, kind_of: Callable[[str], frozenset[Want]]
    ) -> None:
        self._left = [(link, kind_of(link)) for link in links]
        self._tx_code = tx_code

    def take(self, want: Want) -> GivenOffer | None:
        """Return the first offer left that is good for it."""
        for each in self._left:
            if want in each[1]:
                self._left.remove(each)
                return GivenOffer(each[0], self._tx_code)
        return None


class OfferProgram:
    """Offers from a program of the operator."""

    def __init__(self, program: str) -> None:
        self._program = program

    def take(self, want: Want) -> GivenOffer | None:
        """Return what the program prints. Raises Lacking when it fails."""
        lines = run_program(self._program, want).splitlines()
        if not lines or not lines[0].strip():
            return None
        code = lines[1].strip() if len(lines) > 1 else ""
        return GivenOffer(lines[0].strip(), code or None)


SignIn = Callable[[str], str]
"""Take a person through an authorization address; return the address that leads back. Raises Lacking."""


def sign_in_program(program: str) -> SignIn:
    """Return a way to sign in by a program of the operator."""

    def sign_in(address: str) -> str:
        lines = run_program(program, address).split()
        if not lines:
            raise Lacking("the sign-in program printed no address")
        return lines[-1]

    return sign_in


def can_be_run(program: str) -> bool:
    """Tell whether a program is there, before anything depends on it."""
    try:
        words = shlex.split(program)
    except ValueError:
        return False
    return bool(words) and shutil.which(words[0]) is not None


def run_program(program: str, argument: str) -> str:
    """Return what a program prints for an argument. Raises Lacking when it fails or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - the operator names the program; no shell reads it
            [*shlex.split(program), argument],
            stdout=subprocess.PIPE,
            timeout=PROGRAM_SECONDS,
            check=False,
            text=True,
            errors="replace",
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as exc:
        raise Lacking(f"the program {program.split()[0] if program.split() else ''!r} did not run") from exc
    if done.returncode != 0:
        raise Lacking(f"the program {program.split()[0]!r} ended with exit code {done.returncode}")
    return done.stdout[:MAX_OUTPUT_CHARS].strip()


class Listener:
    """Wait on a port of this machine for a browser that comes back from the issuer's pages."""

    def __init__(self, *, say: Callable[[str], None], wait_s: float) -> None:
        self._say = say
        self._wait_s = wait_s
        self._returned = ""
        listener = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/back?"):
                    listener._returned = f"{listener.redirect_uri}{self.path.removeprefix('/back')}"
                self.send_response(200)
                self.send_header("content-type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write(b"The conformance kit goes on; this page can be closed.\n")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - an address holds a code
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Page)
        self._server.timeout = 1.0
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_address[1]}/back"

    def __call__(self, address: str) -> str:
        """Show the address and return the one that the browser came back to. Raises Lacking when nobody comes."""
        if self._wait_s <= 0:
            raise Lacking("nobody signed in")
        self._returned = ""
        self._say(f"Sign in with a browser: {address}")
        waited = 0.0
        while not self._returned and waited < self._wait_s:
            try:
                self._server.handle_request()
            except OSError:
                break
            waited += 1.0
        if not self._returned:
            self._wait_s = 0
            raise Lacking("nobody signed in")
        return self._returned

    def close(self) -> None:
        """Give the port back."""
        self._server.server_close()
