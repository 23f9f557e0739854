"""Pages of the verifier: how they look and what they say; what they do stands in ``verifier/http``."""
