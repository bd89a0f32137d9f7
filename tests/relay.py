"""A relay that misbehaves by script: each connection follows a list of steps, down to single bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

#: What the relay answers to each command that a well-behaved one would take.
WELCOME = {
    "CONNECT": "220 relay.example.org",
    "EHLO": "250-relay.example.org\r\n250-PIPELINING\r\n250 DSN",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    ".": "250 2.0.0 queued",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}
#: A step that breaks the connection in place of an answer.
HANG_UP = "(hang up)"
#: A step that takes its time, and then answers as a well-behaved relay does.
LATE = "(late)"
_LATE_SECONDS = 0.6
#: A step that never answers.
STALL = "(stall)"

#: Chooses the answer to a command: connection number from 1, letters taken on it so far, verb, whole line. It is asked
#: about ``CONTENT`` too, in the middle of a letter, and may break the connection there.
Script = Callable[[int, int, str, str], str | None]


class ScriptedRelay:
    """Serves SMTP on a free port of loopback, in the test's own event loop."""

    def __init__(self, script: Script = lambda *_: None, *, byte_by_byte: bool = False) -> None:
        self.host, self.port = "127.0.0.1", 0
        #: every command line, in order
        self.lines: list[str] = []
        #: recipients whose final dot was seen, whatever was answered
        self.dotted: list[str] = []
        #: recipients whose letter was accepted
        self.accepted: list[str] = []
        self.contents: list[bytes] = []
        self.connections = 0
        #: cleared, it stops reading in the middle of a letter
        self.reads = asyncio.Event()
        self.reads.set()
        self._script = script
        self._byte_by_byte = byte_by_byte
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        self.connections += 1
        try:
            await self._converse(reader, writer, self.connections)
        except (ConnectionError, asyncio.CancelledError):
            return  # the client went away, or the test is over
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        letters, recipient, is_open = 0, "", False
        verb, line = "CONNECT", ""
        while verb:
            answer = await self._choose_answer(number, letters, verb, line)
            if verb == "MAIL" and is_open:
                answer = "503 5.5.1 nested MAIL command"
            is_open = (is_open or (verb == "MAIL" and answer.startswith("250"))) and verb not in {"RSET", "."}
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0] if answer.startswith("250") else ""
            elif verb == "." and recipient:  # without one, the empty message is for nobody (RFC 2920 3.1)
                self.dotted.append(recipient)
            if answer == HANG_UP:
                return
            await self._answer(writer, answer)
            if verb == "." and recipient and answer.startswith("250"):
                self.accepted.append(recipient)
                letters += 1
            if verb == "QUIT" or answer.startswith("421"):
                return
            if verb == "DATA" and answer.startswith("354"):
                if await self._is_lost_in_content(reader, number, letters):
                    return
                verb, line = await self._take_content(reader), ""
            else:
                verb, line = await self._take_command(reader)

    async def _choose_answer(self, number: int, letters: int, verb: str, line: str) -> str:
        answer = self._script(number, letters, verb, line)
        if answer == LATE:
            await asyncio.sleep(_LATE_SECONDS)
        return WELCOME.get(verb, "500 5.5.1 what?") if answer in {None, "", LATE} else str(answer)

    async def _take_command(self, reader: asyncio.StreamReader) -> tuple[str, str]:
        line = (await reader.readline()).decode("ascii").rstrip("\r\n")
        self.lines.append(line)
        return line.split(" ", 1)[0].split(":")[0].upper(), line

    async def _is_lost_in_content(self, reader: asyncio.StreamReader, number: int, letters: int) -> bool:
        """Ask the script about ``CONTENT``, in the middle of a letter: it may hang up there, or read no further."""
        match self._script(number, letters, "CONTENT", ""):
            case None:
                return False
            case answer:
                await reader.readline()
                await asyncio.sleep(60 if answer == STALL else 0)
                return True

    async def _take_content(self, reader: asyncio.StreamReader) -> str:
        await self.reads.wait()
        content = await _read_content(reader)
        if content is None:
            return ""
        self.contents.append(content)
        return "."

    async def _answer(self, writer: asyncio.StreamWriter, answer: str) -> None:
        if answer == STALL:
            await asyncio.sleep(60)
        for piece in _pieces(f"{answer}\r\n".encode(), byte_by_byte=self._byte_by_byte):
            writer.write(piece)
            await writer.drain()
            if self._byte_by_byte:
                await asyncio.sleep(0)


async def _read_content(reader: asyncio.StreamReader) -> bytes | None:
    """Read up to the final dot; None if the connection ends before it."""
    content = bytearray()
    while not (content == b".\r\n" or content.endswith(b"\r\n.\r\n")):
        line = await reader.readline()
        if not line:
            return None
        content += line
    return bytes(content.removesuffix(b".\r\n"))


def _pieces(data: bytes, *, byte_by_byte: bool) -> Iterable[bytes]:
    return (data[index : index + 1] for index in range(len(data))) if byte_by_byte else [data]
