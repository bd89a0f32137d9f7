"""The log: fixed sentences with fields, as JSON, or for people where standard error is a terminal.

Structlog brings Rich and asyncio along, whose loading takes longer than most commands do. So it is loaded with the
first line that is written.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Log:
    """Writes the lines of one process; all of them, until it is configured."""

    def __init__(self) -> None:
        self._level = logging.NOTSET
        self._is_configured = True  # by structlog's own defaults

    def configure(self, level: int) -> None:
        """Write lines of ``level`` and above from now on, to standard error."""
        self._level, self._is_configured = level, False
        if _is_loaded():
            self._open()

    def info(self, sentence: str, **fields: object) -> None:
        if self._writes(logging.INFO):
            self._open().info(sentence, **fields)

    def warning(self, sentence: str, **fields: object) -> None:
        if self._writes(logging.WARNING):
            self._open().warning(sentence, **fields)

    def error(self, sentence: str, **fields: object) -> None:
        if self._writes(logging.ERROR):
            self._open().error(sentence, **fields)

    def _writes(self, level: int) -> bool:
        """Tell whether a line is for structlog, which decides itself once it is loaded."""
        return _is_loaded() or level >= self._level

    def _open(self) -> FilteringBoundLogger:
        import structlog  # noqa: PLC0415 - see above

        if not self._is_configured:
            # no variables in the traceback: addresses
            plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            structlog.configure(
                processors=[
                    structlog.processors.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                    structlog.processors.format_exc_info,
                    plain if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
                ],
                wrapper_class=structlog.make_filtering_bound_logger(self._level),
                logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
            )
            self._is_configured = True
        opened: FilteringBoundLogger = structlog.get_logger()
        return opened


def _is_loaded() -> bool:
    return "structlog" in sys.modules


#: what every module writes to
log = Log()
