"""One revision a file: the newest shows how, `gateway.directory.schema` says what it must lead to.

A revision that has been released is never changed, and takes nothing away that the version before
it needs: gateways of both run during an upgrade.
"""
