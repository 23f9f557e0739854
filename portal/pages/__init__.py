"""What the pages of the portal are made of."""
