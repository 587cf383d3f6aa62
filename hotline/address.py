"""Where the console is found."""

from __future__ import annotations

from config.model import Settings

_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - nothing is bound


def address_of(settings: Settings) -> str:
    """Where a browser on this machine finds the console."""
    listen = settings.console.listen
    host = _HERE.get(listen.host, listen.host)
    scheme = "https" if settings.console.tls_certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{listen.port}"
