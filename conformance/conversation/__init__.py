"""How the kit's wallet talks to the issuer under test: each message as it should be, or wrong in one way."""
