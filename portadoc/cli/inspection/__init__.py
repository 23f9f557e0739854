"""What a thing says, decoded and explained, with what a strict reader would mind. Nothing here is verified."""
