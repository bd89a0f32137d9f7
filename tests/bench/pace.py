"""How near a mailing comes to the rate that the relay allows, and that it never passes it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.figure import Figure
from bench.smtp_tools import run_sink
from mailing_stand import a_plant, add_readers, counted, deliver_all, open_a_mailing, report_on
from newsletter.domain.budget import Limits
from newsletter.store.database import Database

_LETTERS = 2000
_PER_SECOND = 200
_MOST = 1.02  # a tenth of a second of credit, over ten seconds


def measure_pace() -> Figure:
    """Send letters at a limit of 200 a second; the yardstick is the limit. Raises AssertionError beyond it."""
    with tempfile.TemporaryDirectory() as folder, run_sink() as port:
        database = Database(f"sqlite:///{Path(folder) / 'newsletter.db'}")
        database.migrate()
        add_readers(database, [f"reader{number}@example.net" for number in range(_LETTERS)])
        mailing = open_a_mailing(database)
        started = time.perf_counter()
        deliver_all(a_plant(database, port=port, connections=8, limits=Limits(messages_per_second=_PER_SECOND)))
        rate = _LETTERS / (time.perf_counter() - started)
        assert counted(report_on(database, mailing)) == {"accepted": _LETTERS}
        database.close()
    ratio = rate / _PER_SECOND
    assert ratio <= _MOST, f"{rate:.1f} letters/s at a limit of {_PER_SECOND}"  # a busy machine may be slower
    return Figure(
        name=f"a limit of {_PER_SECOND} letters/s",
        measured=f"{rate:.1f} letters/s over {_LETTERS / rate:.0f} s",
        yardstick="the limit",
        ratio=ratio,
    )
