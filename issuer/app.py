"""The issuer as an ASGI application of its own; ``portadoc.serve`` puts the same routers beside other roles."""

from fastapi import FastAPI

from portadoc.issuer.management import management_router
from portadoc.issuer.openid4vci import wallet_router
from portadoc.issuer.service import Issuer
from portadoc.web.app import install_problems, protect


def create_app(issuer: Issuer) -> FastAPI:
    """Return the application: wallet-facing routes, management on loopback, bounds and headers on everything."""
    app = FastAPI(title="Portadoc issuer", openapi_url=None)
    app.include_router(wallet_router(issuer))
    app.include_router(management_router(issuer))
    install_problems(app)
    protect(app)
    return app
