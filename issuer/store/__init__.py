"""What the issuer keeps, and the statements over it: one small function each, in the caller's transaction."""
