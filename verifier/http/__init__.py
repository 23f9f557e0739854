"""The verifier over HTTP: for wallets, for the institution's systems and for people."""
