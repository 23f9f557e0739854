"""Commands that judge without a network and without an installation: from a trust pack, or from files."""
