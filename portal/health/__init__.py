"""Health cards and the certificates that provisionally replace them, by the institution that insures."""
