"""gateway.toml: text to Settings (all errors at once) to a compiled, immutable Snapshot."""
