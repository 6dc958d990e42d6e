"""What operations see: health, audit sinks."""
