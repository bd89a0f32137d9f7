"""What Python's collector of garbage looks through, and how often.

Rows and letters are made by the thousand here and hold no cycles. Looking through all that a process has loaded takes
half a tenth of a second, as much as some hundred letters.
"""

from __future__ import annotations

import gc

_OBJECTS_BETWEEN_COLLECTIONS = 20_000  # as Python is set up, it looks after every seven hundred new ones


def collect_seldom() -> None:
    """Look for cycles less often than Python does by itself; each process of ours begins so."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def pass_over_loaded() -> None:
    """Leave all that is loaded by now out of every later look."""
    gc.collect()
    gc.freeze()
