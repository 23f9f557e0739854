"""CBOR with one reading, and COSE_Sign1 messages in it."""
