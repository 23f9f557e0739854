"""Files of the operator: encrypted private keys, and JSON read by member name and type."""
