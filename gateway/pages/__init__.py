"""The pages employees see: an aiohttp application on a private unix socket."""
