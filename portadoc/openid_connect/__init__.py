"""What a client of an OpenID provider needs, and what checks the assertions of machines; no sessions, no roles."""
