"""Who asks for certificates, and which certificates are about that person."""
