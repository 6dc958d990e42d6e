"""The stub portal and the stub phone, for demonstrations and tests; imports nothing of the gateway."""
