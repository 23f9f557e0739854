"""What clients prove to an authorization server: that it is they who ask, and with which key."""
