"""What is too much to read."""

from __future__ import annotations

#: the longest source that is read, in bytes: a Word file, with the photographs in it
LONGEST_SOURCE = 25 * 1024 * 1024
