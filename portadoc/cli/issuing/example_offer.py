"""``portadoc issuer example-offer``: an offer of an example certificate, as a conformance test wants it."""

from typing import Final

import click

from portadoc.cli.installation import installation, settings_options
from portadoc.cli.issuing.records import require_issuer
from portadoc.cli.output import write_json
from portadoc.errors import Misconfigured

WANTS: Final = (
    "pre-authorized",
    "pre-authorized-with-tx-code",
    "authorization-code",
    "deferred",
    "several",
    "deferred-ready",
)
"""The words of ``Want``, whose module is imported when it is needed."""


@click.command("example-offer")
@click.argument("institution")
@click.argument("want", metavar="WANT", type=click.Choice(WANTS))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def example_offer(
    *, institution: str, want: str, as_json: bool, settings_file: str | None, data_dir: str | None
) -> None:
    """Offer the example worker what a test WANTs of INSTITUTION (its slug): test data, in development only.

    Prints the offer and, below it, its transaction code; nothing where the profile has no such offer. It is a
    program for portadoc conformance issuer --offers-from.

    \b
    WANT is one of
      pre-authorized               a pre-authorised code
      pre-authorized-with-tx-code  the same with a transaction code
      authorization-code           the authorization code flow, with an issuer_state
      deferred                     of a certificate that is still being decided
      several                      of two certificates
      deferred-ready               no offer: decide what was deferred
    """
    from datetime import UTC, datetime

    from portadoc.cli.issuing.examples import ExampleOffers
    from portadoc.clock import SystemClock
    from portadoc.conformance.programs import Want
    from portadoc.randomness import system_random_bytes
    from portadoc.schemas.profiles import Mode

    with installation(settings_file, data_dir) as house:
        require_issuer(house, institution)
        if house.settings.mode != Mode.DEVELOPMENT:
            raise Misconfigured("example_offer_in_production")
        today = datetime.fromtimestamp(SystemClock().now(), UTC).date()
        offers = ExampleOffers(house.issuer, institution, today=today, random_bytes=system_random_bytes)
        given = offers.take(Want(want))
    if as_json:
        told = (None, None) if given is None else (given.link, given.tx_code)
        write_json(dict(zip(("offer_uri", "tx_code"), told, strict=True)))
    elif given is not None:
        click.echo(given.link)
        if given.tx_code:
            click.echo(given.tx_code)
