"""A wallet that behaves, for demonstrations and tests, and the misbehaviours that a verifier has to withstand."""
