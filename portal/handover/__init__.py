"""The hand-over desk: how a certificate reaches the wallet of the person whom it concerns."""
