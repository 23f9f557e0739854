"""What travels between verifier and wallet besides the presentation itself."""
