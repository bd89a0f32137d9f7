"""A form for something stored that somebody else may save while it is being filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.errors import ChangedMeanwhileError


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedForm:
    #: what stands in its fields
    texts: Mapping[str, str]
    #: the mark of what the editor began with
    seen: str = ""
    #: what somebody else saved meanwhile, where the editor has another text
    theirs: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def status(self) -> int:
        """Give the status of an answer that shows it."""
        if self.theirs:
            return 409
        return 400 if self.error else 200

    def refuse(self, error: Exception, *, saved: Mapping[str, str], mark: str) -> TypedForm:
        """Give the form again with why it was not taken, beside what is ``saved`` where that was changed meanwhile."""
        if not isinstance(error, ChangedMeanwhileError):
            return TypedForm(texts=self.texts, seen=self.seen, error=str(error))
        theirs = {name: text for name, text in saved.items() if text != self.texts.get(name, text)}
        return TypedForm(texts=self.texts, seen=mark, theirs=theirs, error=str(error))
