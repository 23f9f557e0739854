def test_an_offer_by_value_becomes_a_held_credential(wallet, issuer) -> None:
    held = wallet.accept(issuer.offer("pda1"))
    assert wallet.credentials() == held
    assert [note["event"] for note in issuer.notified] == ["credential_accepted"]

def test_present(wallet, issuer, verifier) -> None:
    wallet.accept(issuer.offer("pda1"))
    outcome = wallet.present(verifier.link())
    assert outcome.redirect_uri
    assert verifier.received
