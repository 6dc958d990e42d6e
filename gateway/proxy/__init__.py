"""The front door: parses heads, decides, moves bytes."""
