"""What every HTTP adapter shares: limits, strict bodies, problem documents, security headers, loopback access."""
