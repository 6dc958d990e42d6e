"""The command line: portvakt run, demo, check, user."""
