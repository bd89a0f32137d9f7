"""What stands above a letter in the inbox, subject and preheader: its limits, and how it follows from the articles."""

from __future__ import annotations

from collections.abc import Iterable

from newsletter.domain.article import split_sentences

#: Characters; longer subjects are cut by most inboxes.
LONGEST_SUBJECT = 78
#: Characters; below it an inbox fills the line with whatever the letter says next, above it cuts.
SHORTEST_PREHEADER, LONGEST_PREHEADER = 40, 130


def derive_subject(headline: str) -> str:
    """Cut a headline to the length of a subject, at a word end."""
    return _cut_words(headline, LONGEST_SUBJECT)


def derive_preheader(texts: Iterable[str]) -> str:
    """Cut a preheader from the first of ``texts``; the others are taken in only while it is too short.

    It ends with a sentence where whole sentences are long enough for it, else with a word.
    """
    running = ""
    for text in texts:
        running = f"{running} {' '.join(text.split())}".strip()
        if len(running) >= SHORTEST_PREHEADER:
            break
    whole = ""
    for sentence in split_sentences(running):
        longer = f"{whole} {sentence}".strip()
        if len(longer) > LONGEST_PREHEADER:
            break
        whole = longer
    return whole if len(whole) >= SHORTEST_PREHEADER else _cut_words(running, LONGEST_PREHEADER)


def _cut_words(text: str, limit: int) -> str:
    flat = " ".join(text.split())
    if len(flat) <= limit:
        return flat
    shortened = flat[:limit]
    # A single word as long as the limit is cut inside: there is no better place.
    return (shortened.rpartition(" ")[0] or shortened[:-1]).rstrip(" ,;:–—-") + "…"
