"""How a code reaches a phone."""
