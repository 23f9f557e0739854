"""The HTTP of the inspector role: the app and its interface, and the pages of the office."""
