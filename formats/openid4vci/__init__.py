"""What travels between wallet and issuer about the keys that credentials are bound to."""
