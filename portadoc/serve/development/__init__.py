"""What an installation has in development only."""
