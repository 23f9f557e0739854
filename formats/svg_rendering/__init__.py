"""Cards of credentials: which drawing a type offers, what a drawing may hold, and the claims written into it."""
