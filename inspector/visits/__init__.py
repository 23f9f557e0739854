"""A visit as the sum of its entries: what was found on a site, and what does not fit together. Pure."""
