"""What gateway.toml may say but seldom should, by what it is about: one module, a few checks."""
