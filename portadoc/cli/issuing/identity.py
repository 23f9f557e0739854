"""``portadoc wallet identify``: identity data (a PID) for the simulated wallet, in development only."""

from typing import TYPE_CHECKING, Final

import click

from portadoc.cli.installation import installation, settings_options
from portadoc.cli.output import write_json
from portadoc.errors import Misconfigured, Refused

if TYPE_CHECKING:
    from portadoc.serve.house import House
    from portadoc.wallet_sim.wallet import Wallet

PID: Final = "pid"
_PROFILE: Final = "ietf-latest"
"""The profile under which the PID is collected: its offers need no identification, which would need a PID."""


@click.command()
@click.option(
    "--example", "example_name", default="pid-posted-worker", show_default=True, help="Whose identity data."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@settings_options
def identify(*, example_name: str, as_json: bool, settings_file: str | None, data_dir: str | None) -> None:
    """Give the wallet the identity data (PID) of an example person: test data, in development only.

    An institution of the installation that issues PIDs offers one, and the wallet collects it by the protocol of
    ietf-latest, inside this process; it can be shown under every profile.
    """
    from datetime import UTC, datetime

    from portadoc.issuer.authorization.offers import OfferFlow
    from portadoc.schemas.examples import example
    from portadoc.schemas.pid import Pid
    from portadoc.schemas.profiles import Mode

    with installation(settings_file, data_dir, profile=_PROFILE) as house:
        if house.settings.mode != Mode.DEVELOPMENT:
            raise Misconfigured("example_offer_in_production")
        record = example(example_name, datetime.fromtimestamp(house.clock.now(), UTC).date())
        issuers = house.issuer.settings.by_slug.values()
        slug = next((each.slug for each in issuers if PID in each.configuration_ids), None)
        if slug is None or not isinstance(record, Pid):
            raise Refused("example_offer_impossible", known=PID)
        kept = house.issuer.upload(slug, record)
        made = house.issuer.offer(slug, kept, [PID], flow=OfferFlow.PRE_AUTHORIZED_CODE)
        (held,) = _wallet_inside(house).accept(made.offer_uri)
    if as_json:
        write_json({"id": held.id, "type": held.vct, "issuer": held.issuer})
    else:
        click.echo(f"kept {held.id}  {held.vct}  from {held.issuer}")


def _wallet_inside(house: "House") -> "Wallet":
    """Return the installation's wallet, speaking to its services in this process: none has to be served."""
    from portadoc.schemas.profiles import profile
    from portadoc.serve.app import create_app
    from portadoc.wallet_sim.store import FileStore
    from portadoc.wallet_sim.transport import AsgiTransport
    from portadoc.wallet_sim.wallet import Wallet

    return Wallet(
        FileStore(house.settings.data_dir.resolve() / "wallet.json"),
        transport=AsgiTransport(create_app(house), house.settings.base_url),
        trust=house.verifier.trust,
        clock=house.clock,
        random_bytes=house.random_bytes,
        profile=profile(house.settings.profile),
    )
