"""The phone page: a credential shown to a person nearby without a network."""
