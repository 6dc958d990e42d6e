"""Where user names and passwords live."""
