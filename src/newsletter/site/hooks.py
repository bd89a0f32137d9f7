"""Where mail providers post what became of letters."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post
from litestar.enums import MediaType
from litestar.params import FromPath, RawBody

from newsletter.mail.webhook import WebhookRequest
from newsletter.service.take_webhook import take_webhook
from newsletter.site.collaborators import Now, TheDatabase, TheKeys, TheWebhooks

_MOST_BYTES = 2 << 20  # providers send some hundreds of kilobytes at most


@post("/hooks/{provider:str}", status_code=200, sync_to_thread=True, request_max_body_size=_MOST_BYTES)
def take_hook(
    provider: FromPath[str],
    request: Request[Any, Any, Any],
    body: RawBody,
    webhooks: TheWebhooks,
    database: TheDatabase,
    keys: TheKeys,
    now: Now,
) -> Response[str]:
    """Say yes only when everything is stored: whatever else is answered, the provider posts it again."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    take_webhook(
        provider,
        WebhookRequest(headers=headers, body=body, at=now),
        webhooks=webhooks,
        database=database,
        keys=keys,
    )
    return Response("taken\n", media_type=MediaType.TEXT)
