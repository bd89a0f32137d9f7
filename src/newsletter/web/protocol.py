"""How requests are read from their connections."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_UNREAD_BYTES = 64 * 1024  # as much as uvicorn's parser in Python takes


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's reading of requests by a parser in C, which takes half the time of the one in Python.

    That parser keeps what belongs to the head of a request, or to the trailer fields behind its body, until the end of
    it, however long it is. Here a request that goes on so for 64 kB is refused.
    """

    _unread = 0
    _has_led_somewhere = False

    def data_received(self, data: bytes) -> None:
        self._has_led_somewhere = False
        super().data_received(data)
        self._unread = 0 if self._has_led_somewhere else self._unread + len(data)
        if self._unread > _MOST_UNREAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        self._has_led_somewhere = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._has_led_somewhere = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._has_led_somewhere = True
        super().on_message_complete()
