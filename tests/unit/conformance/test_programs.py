"""The programs of the operator, offers from the command line, and the wait for a browser."""

import shlex
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from portadoc.conformance.checks import Lacking
from portadoc.conformance.conversation.connection import answers_plain, speaks_old_tls, speaks_plain, speaks_tls
from portadoc.conformance.programs import (
    ListedOffers,
    Listener,
    NoOffers,
    OfferProgram,
    Want,
    can_be_run,
    sign_in_program,
)
from portadoc.conformance.trial import OperatorFault, wants_of
from tests.unit.conformance.workshop import Bench


def program(folder: Path, text: str) -> str:
    file = folder / "program with space.py"
    file.write_text(text)
    return shlex.join([sys.executable, str(file)])


class TestPrograms:
    def test_an_offer_and_its_code_are_the_two_lines_that_it_prints(self, tmp_path: Path) -> None:
        source = OfferProgram(
            program(tmp_path, "import sys; print('openid-credential-offer://?x=' + sys.argv[1]); print(7)")
        )
        given = source.take(Want.SEVERAL)
        assert given is not None
        assert (given.link, given.tx_code) == ("openid-credential-offer://?x=several", "7")

    def test_no_line_is_no_offer(self, tmp_path: Path) -> None:
        assert OfferProgram(program(tmp_path, "")).take(Want.DEFERRED) is None

    @pytest.mark.parametrize("text", ["raise SystemExit(3)", "import os; os.abort()"])
    def test_one_that_fails_leaves_the_module_without(self, text: str, tmp_path: Path) -> None:
        with pytest.raises(Lacking):
            OfferProgram(program(tmp_path, text)).take(Want.DEFERRED)

    @pytest.mark.parametrize("named", ["/no/such/program", "'unclosed", ""])
    def test_one_that_cannot_be_run_is_told(self, named: str) -> None:
        with pytest.raises(Lacking):
            OfferProgram(named).take(Want.DEFERRED)

    def test_no_shell_reads_what_it_is_given(self, tmp_path: Path) -> None:
        echo = sign_in_program(program(tmp_path, "import sys; print(sys.argv[1])"))
        assert echo("https://as.example/?a=$(id)&b=`id`;c") == "https://as.example/?a=$(id)&b=`id`;c"

    def test_a_sign_in_that_prints_nothing_leaves_the_module_without(self, tmp_path: Path) -> None:
        with pytest.raises(Lacking):
            sign_in_program(program(tmp_path, ""))("https://as.example")


class TestListedOffers:
    def test_each_is_given_once_for_what_it_is_good_for(self, latest: Bench) -> None:
        made = {
            want: latest.operator.take(want) for want in (Want.PRE_AUTHORIZED_WITH_TX_CODE, Want.PRE_AUTHORIZED)
        }
        links = [each.link for each in made.values() if each is not None]
        source = ListedOffers(links, "1234", wants_of)
        first = source.take(Want.PRE_AUTHORIZED)
        assert first is not None
        assert first.link == links[1]
        assert source.take(Want.PRE_AUTHORIZED) is None
        with_code = source.take(Want.PRE_AUTHORIZED_WITH_TX_CODE)
        assert with_code is not None
        assert (with_code.link, with_code.tx_code) == (links[0], "1234")

    def test_one_that_starts_in_person_is_for_that(self, haip: Bench) -> None:
        given = haip.operator.take(Want.AUTHORIZATION_CODE)
        assert given is not None
        assert wants_of(given.link) == {Want.AUTHORIZATION_CODE}

    def test_nobody_gives_nothing(self) -> None:
        assert NoOffers().take(Want.SEVERAL) is None
        assert wants_of("nonsense") == {Want.PRE_AUTHORIZED}


class TestListener:
    def test_it_returns_the_address_that_the_browser_came_back_to(self) -> None:
        said: list[str] = []
        listener = Listener(say=said.append, wait_s=20)

        def come_back() -> None:
            urllib.request.urlopen(f"{listener.redirect_uri}?code=c&state=s", timeout=10).read()

        browser = threading.Thread(target=come_back)
        browser.start()
        assert listener("https://as.example/authorize") == f"{listener.redirect_uri}?code=c&state=s"
        browser.join()
        listener.close()
        assert said == ["Sign in with a browser: https://as.example/authorize"]

    def test_when_nobody_came_once_it_waits_no_more(self) -> None:
        listener = Listener(say=lambda _: None, wait_s=0.5)
        for _ in range(2):
            with pytest.raises(Lacking):
                listener("https://as.example/authorize")
        listener.close()


def test_a_port_thatanswers_plain_http_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        assert answers_plain("127.0.0.1", port)
        assert speaks_old_tls("127.0.0.1", port) in (False, None)
        thread.join()


@pytest.mark.parametrize("look", [answers_plain, speaks_plain, speaks_old_tls, speaks_tls])
def test_of_a_port_where_nothing_listens_nothing_is_said(look: Callable[[str, int], bool | None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Lacking, match="no connection was made"):
        look("127.0.0.1", port)


@pytest.mark.parametrize(("program", "there"), [("sh -c x", True), ("/no/such", False), ("", False), ("'", False)])
def test_a_program_is_looked_for_beforehand(program: str, there: bool) -> None:
    assert can_be_run(program) is there


def test_a_fault_of_the_operators_own_is_no_finding_about_the_issuer(haip: Bench) -> None:
    def sign_in(address: str) -> str:
        raise ValueError("the operator's program")

    with pytest.raises(OperatorFault):
        haip.run("portadoc-issuer-authorization-response", sign_in=sign_in)
