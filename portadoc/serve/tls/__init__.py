"""What the server needs to speak HTTPS by itself: on a local network, or under a certificate that it was given."""
