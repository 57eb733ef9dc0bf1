"""HTTP: every picture in an answer is stamped, or the answer is refused."""

from provenance.gateway.middleware import StampMiddleware
from provenance.gateway.proxy import UpstreamTimeouts, proxy_app
from provenance.gateway.record import Exchange
from provenance.gateway.settings import GatewayLimits, Policy

__all__ = [
    "Exchange",
    "GatewayLimits",
    "Policy",
    "StampMiddleware",
    "UpstreamTimeouts",
    "proxy_app",
]
