"""One revision a file; what is written here is never changed once it has been released."""
