"""A mailing's progress on stderr, where that is a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.app import App

_SECONDS = 1.0


@contextmanager
def show_progress(number: int, app: App) -> Iterator[None]:
    """Show a bar while the block runs; it reads the ledger, so it is right whoever delivers."""
    if not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()
    display = threading.Thread(target=_display, args=(number, app, ended), daemon=True)
    display.start()
    try:
        yield
    finally:
        ended.set()
        display.join()


def _display(number: int, app: App, ended: threading.Event) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from newsletter.domain.mailing import DeliveryStatus
    from newsletter.service.report_mailing import report_issue

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"Issue {number}", total=None)
        while True:
            last = ended.wait(_SECONDS)
            mailed = report_issue(number, database=app.database)
            done = mailed.mailing.intended - mailed.counts[DeliveryStatus.QUEUED]
            progress.update(task, completed=done, total=mailed.mailing.intended)
            if last:
                return
