"""The words that employees read, on pages and in messages, in every language."""
