"""Which proxy a server is reached through: as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say, else as the system says."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

from desktop.fetching.address import Address, parse
from models.errors import FetchError


def proxy_of(address: Address) -> Address | None:
    """The proxy on the way to an address, None where it is reached directly.

    Names and settings are those of the standard library: small letters win over capitals, ALL_PROXY counts last.
    Raises FetchError for a proxy that does not speak HTTP.
    """
    known = getproxies()
    named = known.get(address.scheme) or known.get("all")
    if not named or proxy_bypass(f"{address.host}:{address.port}") or proxy_bypass(address.host):
        return None
    text = named if "://" in named else f"http://{named}"
    if not text.startswith("http://"):
        kind = text.partition("://")[0]
        raise FetchError(
            f"The proxy of this computer is of the kind {kind}: only proxies named by http:// can be used."
        )
    try:
        return parse(text)
    except FetchError as error:
        raise FetchError(
            f"{address.scheme.upper()}_PROXY is no address: it should look like http://proxy.example.org:8080."
        ) from error
