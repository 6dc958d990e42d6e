"""The kinds of work: one module each, with `measure(options)`, which returns an `Outcome`."""
