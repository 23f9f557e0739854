"""The modules that bear the names of the OpenID Foundation's conformance suite."""
