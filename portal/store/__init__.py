"""What the portal keeps. Every function works in a connection of the caller's transaction."""
