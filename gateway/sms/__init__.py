"""How a code reaches a phone: one module a provider kind, tried in order."""
