"""How a language writes: its direction, its dates and times, its lists. By the CLDR, as Babel has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, get_timezone_location
from babel.lists import format_list

#: English without a country writes the day before the month, and hours up to 24.
_WORLD_ENGLISH = Locale("en", "GB")

_WITH_ANOTHER_COMMA = frozenset({"ar", "fa", "ps", "sd", "ug", "ur"})

Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Language:
    #: BCP 47, as configured
    tag: str

    @property
    def locale(self) -> Locale:
        """What the CLDR knows of it: of the language alone where the country is unknown, else of English."""
        if self.tag.lower() == "en":
            return _WORLD_ENGLISH
        for tag in (self.tag, self.tag.partition("-")[0]):
            try:
                return Locale.parse(tag, sep="-")
            except (UnknownLocaleError, ValueError):
                continue
        return _WORLD_ENGLISH

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"

    @property
    def start(self) -> Side:
        """The side on which lines begin."""
        return "right" if self.direction == "rtl" else "left"

    @property
    def far(self) -> Side:
        """The side on which lines end."""
        return "left" if self.direction == "rtl" else "right"

    @property
    def own_name(self) -> str:
        """What those call it who read it, such as Deutsch; the tag itself where the CLDR does not know it."""
        for tag in (self.tag, self.tag.partition("-")[0]):
            try:
                locale = Locale.parse(tag, sep="-")
            except (UnknownLocaleError, ValueError):
                continue
            return locale.get_display_name(locale) or self.tag
        return self.tag

    def write_date(self, day: date) -> str:
        return str(format_date(day, format="full", locale=self.locale))

    def write_span(self, start: datetime, end: datetime | None, timezone: str | None) -> str:
        """Write when something takes place, by the clock of its place; readers are elsewhere, so the zone is named."""
        zone = ZoneInfo(timezone) if timezone else start.tzinfo
        start = start.astimezone(zone)
        end = end.astimezone(zone) if end else start
        if end.date() == start.date():
            when = self._write_moment(start, end)
        else:
            when = f"{self._write_moment(start, start)} – {self._write_moment(end, end)}"
        return f"{when} ({self._name_zone(start, timezone)})"

    def join(self, names: tuple[str, ...]) -> str:
        """Write a list of names: with commas, and whatever stands before the last one."""
        return str(format_list(names, style="standard", locale=self.locale))

    @property
    def _comma(self) -> str:
        return "،" if self.locale.language in _WITH_ANOTHER_COMMA else ","

    def _write_moment(self, start: datetime, end: datetime) -> str:
        clock = "hm" if "a" in self.locale.time_formats["short"].pattern else "Hm"
        times = format_interval(start, end, clock, tzinfo=start.tzinfo, locale=self.locale)
        return f"{self.write_date(start)}{self._comma} {times}"

    def _name_zone(self, moment: datetime, timezone: str | None) -> str:
        """Name the zone by its city, where it has one, and by its offset on that day."""
        offset = _write_offset(moment.utcoffset() or timedelta())
        if timezone is None or "/" not in timezone or timezone.startswith("Etc/"):
            return offset
        city = get_timezone_location(ZoneInfo(timezone), locale=self.locale, return_city=True)
        return f"{city}{self._comma} {offset}"


def _write_offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}" + (f":{rest:02}" if rest else "")
