"""Every error that the newsletter raises on purpose.

    NewsletterError            its text is one sentence for the person at the keyboard: what, where, what to do
    ├── ConfigurationError     newsletter.toml or an environment variable is wrong
    ├── InputError             something handed in cannot be read; nothing of it was taken
    │   ├── InvalidAddressError
    │   ├── UnreadableTextError     what an editor wrote has a mark that means nothing, with its line
    │   └── UnreadableSourceError   a file or feed, with its line and what was expected there
    ├── NotFoundError          the named article, issue or address does not exist
    ├── UnauthenticatedError   a request does not prove who sent it
    ├── RefusedError           a rule forbids the act now
    │   ├── ForbiddenError     an editor's role does not include the act
    │   ├── ChangedMeanwhileError   two people wrote the same field; both texts are kept and shown
    │   ├── IllegalMoveError   a state does not lead to the state asked for
    │   └── TooManyError       a limit is reached for now
    ├── RenderError            a template or the MJML compiler refused the issue
    ├── StoreError             the database is unreachable, locked or at another version
    ├── WithdrawnError         a staged letter must not be released: drop the connection without its final dot
    ├── TokenError             no access token can be had for signing in at a mail server
    ├── MailboxError           a mailbox on another server cannot be reached, or refuses us
    └── RelayError             the relay refuses us or is out of reach; no recipient is to blame
        └── QuotaError         it takes no more from us for now

A foreign error is translated once, at the border where it enters: ``raise RelayError(str(error)) from error``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from traceback import extract_tb

_FRAMES = 8  # of a traceback, the innermost


class NewsletterError(Exception):
    """The root. ``str(error)`` is fit to be shown as it is."""


class ConfigurationError(NewsletterError):
    pass


class InputError(NewsletterError):
    pass


class InvalidAddressError(InputError):
    """An email address that cannot be mailed; ``text`` is what was given."""

    def __init__(self, text: str, why: str) -> None:
        self.text = text
        super().__init__(f"{text!r} is not an address that can be mailed: {why}")


class UnreadableSourceError(InputError):
    """A source that cannot be read: file or URL, line (from 1; None where lines mean nothing), expectation."""

    def __init__(self, source: str, line: int | None, expected: str) -> None:
        self.source, self.line, self.expected = source, line, expected
        where = source if line is None else f"{source}, line {line}"
        super().__init__(f"{where}: expected {expected}; nothing was imported from it.")


class UnreadableTextError(InputError):
    """A body that an editor wrote, with a mark that means nothing; ``line`` counts from 1."""

    def __init__(self, line: int, what: str) -> None:
        self.line = line
        super().__init__(f"Line {line}: {what}.")


class NotFoundError(NewsletterError):
    pass


class UnauthenticatedError(NewsletterError):
    pass


class RefusedError(NewsletterError):
    pass


class ForbiddenError(RefusedError):
    pass


class IllegalMoveError(RefusedError):
    """A state machine was asked for a move that its table does not have."""

    def __init__(self, noun: str, source: str, target: str) -> None:
        super().__init__(f"{noun} is {source} and cannot become {target}.")


class ChangedMeanwhileError(RefusedError):
    """Somebody else has written since; ``theirs`` are the texts that stand now, by field."""

    def __init__(self, sentence: str, theirs: Mapping[str, str]) -> None:
        self.theirs = theirs
        super().__init__(sentence)


class TooManyError(RefusedError):
    pass


class RenderError(NewsletterError):
    pass


class StoreError(NewsletterError):
    pass


class WithdrawnError(NewsletterError):
    pass


class TokenError(NewsletterError):
    """``is_lasting`` tells what will not pass by itself (a revoked grant) from what may (a server that is down)."""

    def __init__(self, sentence: str, *, is_lasting: bool = False) -> None:
        self.is_lasting = is_lasting
        super().__init__(sentence)


class MailboxError(NewsletterError):
    pass


class RelayError(NewsletterError):
    """The relay refuses us, or cannot be reached.

    ``is_lasting`` tells a refusal that will not pass by itself (authentication, sender) from a fault that may.
    """

    def __init__(self, sentence: str, *, is_lasting: bool = False) -> None:
        self.is_lasting = is_lasting
        super().__init__(sentence)


class QuotaError(RelayError):
    """The relay says that our quota is used up. It passes by itself, in an hour or in a day."""


def describe_failure(error: BaseException) -> str:
    """Return what went wrong, without the values that a foreign error may quote, which can be addresses."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, NewsletterError):
        return str(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"


def trace_failure(error: BaseException) -> list[str]:
    """Return where an error came from: no path, no message and no variable, which may hold tokens and addresses."""
    frames = extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def find_first(group: BaseExceptionGroup[NewsletterError]) -> NewsletterError:
    """Return the first error of a task group, however deep.

    Raise it outside ``except*``: what is raised in there is wrapped in a group again.
    """
    first = group.exceptions[0]
    return find_first(first) if isinstance(first, BaseExceptionGroup) else first
