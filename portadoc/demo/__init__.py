"""The demonstration: the whole path over real HTTP, then hostile variants, each refused for its own reason."""
