"""Edits of gateway.toml, live: seen, judged by one process, handed to every worker."""
