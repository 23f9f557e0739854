"""Answer HEAD wherever GET is answered: the framework's routes know only the methods that they name."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Let the application answer a GET in place of a HEAD, and send all of it but the body; logs then say GET.

    Spec: RFC 9110 §9.3.2.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_without_body)
