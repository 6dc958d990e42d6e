"""`python -m gateway` is `portvakt`."""

from gateway.cli.root import main

main()
