"""The verifier's tables, and statements over them."""
