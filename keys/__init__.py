"""Keys, signers, certificates and trust: who may sign what. Works on values and key files, fetches nothing."""
