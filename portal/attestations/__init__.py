"""A person's own attestations: what each is, whether it counts, where it was collected, and how to collect it."""
