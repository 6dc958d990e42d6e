"""Portvakt: an authentication gateway in front of a portal that stays as it is."""
