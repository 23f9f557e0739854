"""DCQL: which credentials and claims a verifier asks for, and whether an answer satisfies it.

Spec: OpenID4VP 1.0 §6, §7.
"""
