"""Token Status Lists: the statuses as values, and the tokens that carry them."""
