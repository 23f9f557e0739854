"""What an installation publishes of its trust: the configuration, the anchors, and the signed pack."""

from collections.abc import Callable

from portadoc.keys.certificates import from_pem
from portadoc.keys.trust.pinned_certificates import PinnedCertificates
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.keys.trust.wallet_providers import without_wallet_providers
from portadoc.serve.app import create_app
from portadoc.serve.house import House
from portadoc.verification.pack_answers import open_trust_pack
from portadoc.wallet_sim.transport import AsgiTransport


def test_the_pack_opens_with_the_anchors_and_holds_the_trust_that_is_published(
    open_a_house: Callable[..., House],
) -> None:
    house = open_a_house()
    base_url = house.settings.base_url
    http = AsgiTransport(create_app(house), base_url)
    anchors = http.get(f"{base_url}/trust/anchors.pem")
    trust = trust_from_json(http.get(f"{base_url}/trust").json())
    pack = open_trust_pack(
        http.get(f"{base_url}/trust/pack").body,
        operators=PinnedCertificates(from_pem(anchors.text)),
        operator="DE:TEST90",
        at=house.clock.now(),
    )
    assert pack.operator == "DE:TEST90"
    assert trust == house.trust
    assert pack.trust == without_wallet_providers(trust)
