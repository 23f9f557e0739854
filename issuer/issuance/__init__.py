"""From an access token and key proofs to credentials: now or later, in clear or encrypted."""
