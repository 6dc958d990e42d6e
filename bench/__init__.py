"""The load harness of `make bench`: peers side by side in one run, processor time first."""
