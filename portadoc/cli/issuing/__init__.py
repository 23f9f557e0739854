"""Commands of the issuer that need more than a few lines: records to issue from, printed seals."""
