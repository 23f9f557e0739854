"""Cards among a person's own attestations: the own one and the children's, and of a child nothing but its card."""

from dataclasses import replace

import pytest

from portadoc.errors import Refused
from portadoc.portal.attestations.attestation import Standing
from portadoc.portal.health.insurance import CardCause
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from tests.unit.portal.health.conftest import BORN, JEAN, KARIM, LINA_PIN, NADIA, SLUG, TODAY, Ward


def test_a_parent_sees_and_collects_the_card_of_a_child(ward: Ward) -> None:
    asked = ward.card(NADIA, LINA_PIN, CardCause.RENEWAL)
    own = ward.portal.own
    (card,) = own.attestations.listed(NADIA, SLUG)
    assert (card.attestation_id, card.kind, card.pin) == (asked.record_id, "ehic", LINA_PIN)
    assert card.standing is Standing.IN_FORCE
    assert own.collecting.collect(NADIA, SLUG, card.attestation_id, language="en").page
    for stranger in (JEAN, KARIM):
        assert own.attestations.listed(stranger, SLUG) == ()
        with pytest.raises(Refused, match="not_found"):
            own.collecting.collect(stranger, SLUG, card.attestation_id, language="en")


def test_the_work_of_a_child_is_not_its_parents_to_see(ward: Ward) -> None:
    made = example("posted-worker-fr-de", TODAY)
    assert isinstance(made, Pda1)
    person = replace(made.person, pin=LINA_PIN, date_of_birth=BORN[LINA_PIN])
    ward.house.issuer.upload("fr-demo", replace(made, person=person))
    assert ward.portal.own.attestations.listed(NADIA, "fr-demo") == ()


def test_a_card_reported_as_lost_is_shown_with_the_one_after_it(ward: Ward) -> None:
    ward.card(JEAN)
    ward.clock.advance(60)
    ward.card(JEAN, cause=CardCause.LOSS)
    new, old = ward.portal.own.attestations.listed(JEAN, SLUG)
    assert (new.standing, old.standing) == (Standing.IN_FORCE, Standing.REPLACED)
    assert old.record.successor == new.attestation_id
