"""`python -m gateway` is `portvakt`."""

from gateway.cli import main

main()
