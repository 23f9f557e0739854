"""What endpoints for wallets answer alike, whatever role they belong to."""
