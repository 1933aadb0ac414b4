"""The way to a host: the proxy and the certificates that the environment names."""

from __future__ import annotations

import importlib.util
import os
import re
import ssl
from pathlib import Path

import requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from escaping_minima.errors import UserError

#: Where requests looks for certificates; the first that is set counts.
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
#: What a proxy says that makes no way to a host.
_REFUSED = re.compile(r"Tunnel connection failed: (\d+)")


def check_route(url: str) -> None:
    """See that what the environment says of the way to a host can be followed.

    Parameters
    ----------
    url : str

    Raises
    ------
    UserError
        If it names certificates or a proxy that cannot be used; exit code 1.
    """
    if url.lower().startswith("https://"):
        _check_certificates()
    if proxy := _proxy(url):
        _check_proxy(proxy)


def proxy_host(url: str) -> str:
    """Return the host and port of the proxy by which a host is reached, empty if by none."""
    return _proxy(url).rpartition("://")[2].rpartition("@")[2].rstrip("/")


def explain_proxy(url: str, error: requests.RequestException) -> str:
    """Say what went wrong with the proxy by which a host is reached."""
    refused = _REFUSED.search(str(error))
    did = f"answers {refused[1]}" if refused else "does not answer"
    return f"the proxy {proxy_host(url)} {did}"


def _proxy(url: str) -> str:
    return select_proxy(url, get_environ_proxies(url)) or ""


def _check_certificates() -> None:
    name = next((n for n in _CERTIFICATES if os.environ.get(n)), None)
    if name is None or Path(os.environ[name]).is_dir():
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(os.environ[name])
    except OSError as error:
        reason = "without a certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise UserError(
            f"{name}: found {os.environ[name]!r} ({reason}); allowed: a file or a folder of "
            "certificates; correct or unset it",
            exit_code=1,
        ) from None


def _check_proxy(proxy: str) -> None:
    scheme, _, rest = proxy.rpartition("://")
    shown = f"{scheme}://" * bool(scheme) + rest.rpartition("@")[2]
    names = (n for n in os.environ if n.lower().endswith("_proxy"))
    name = next((n for n in names if os.environ[n] == proxy), "proxy")
    try:
        known = not scheme or scheme.lower() in _SCHEMES
        good = known and bool(parse_url(proxy if scheme else f"http://{proxy}").host)
    except LocationParseError:
        good = False
    if not good:
        raise UserError(
            f"{name}: found {shown!r}; allowed: the address of a proxy, such as "
            "http://proxy.example:3128; correct or unset it",
            exit_code=1,
        )
    if scheme.lower().startswith("socks") and importlib.util.find_spec("socks") is None:
        raise UserError(
            f"{name}: found {shown!r}, a SOCKS proxy, for which the package PySocks is missing; "
            "install it with '.venv/bin/python -m pip install PySocks', or name a proxy of http",
            exit_code=1,
        )
