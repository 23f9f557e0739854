"""What people are told of themselves: messages, and everything that is kept of them."""
