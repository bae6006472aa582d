"""Where a tenant admin key may be sent, and whose certificates are trusted there (things-stack.md, T-28)."""

import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from tenant_billing.domain.errors import Refused


def check_url(url: str) -> None:
    """Stop an address that a key may not be sent to, or that is none.

    Raises:
        Refused: It is neither ``https`` nor ``http`` on the loopback address, or cannot be read at all: the schema
            admits ``https://[`` and ``https://lns:port``.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        host = None
    if not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise Refused("expected an address such as https://lns.example.com", field="url")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise Refused("a tenant admin key is sent by https only, or on the loopback address", field="url")


def trust_of(ca_bundle: str | None) -> ssl.SSLContext:
    """The certificates of a bundle, else the system's.

    Raises:
        Refused: The bundle holds no certificates.
    """
    if ca_bundle is None:
        return ssl.create_default_context()
    try:
        # An empty text would silently mean the system's certificates.
        return ssl.create_default_context(cadata=ca_bundle or "-")
    except (ssl.SSLError, ValueError):
        problem = "the bundle holds no certificates in PEM"
    raise Refused(problem, field="caBundleSecretRef")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
