"""A presentation as a sequence of QR codes, for a phone and a reader that have no network."""
