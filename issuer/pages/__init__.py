"""The page behind the address of a verification code: it explains, and it judges nothing."""
