"""Who signs in: people through OpenID Connect, machines by a signed assertion, and the sessions of both."""
