"""Redis adapters with their scripts, and the embedded Redis."""
