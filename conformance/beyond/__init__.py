"""Modules that ask what the conformance suite of the OpenID Foundation leaves open."""
