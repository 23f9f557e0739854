"""The authorization server: from an offer, or from a worker who proves who they are, to an access token."""
