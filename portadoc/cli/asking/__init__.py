"""Commands of a verifier's session: the question, and what came of it."""
