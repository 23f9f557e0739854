"""Whom the verifier trusts: the lists that it fetches, and the pack that it hands out."""
