"""The settings of a newsletter: their keys, the file that they are read from, and how they are shown."""

from newsletter.settings.file import find_sources, load_settings, read_secret
from newsletter.settings.listing import SettingLine, list_settings
from newsletter.settings.sections import (
    Bounces,
    CadenceSection,
    DatabaseSection,
    Desk,
    Dkim,
    EngineSection,
    Mail,
    Privacy,
    RelaySection,
    Render,
    Security,
    Sending,
    Server,
    Settings,
    Site,
    Smtp,
)

__all__ = [
    "Bounces",
    "CadenceSection",
    "DatabaseSection",
    "Desk",
    "Dkim",
    "EngineSection",
    "Mail",
    "Privacy",
    "RelaySection",
    "Render",
    "Security",
    "Sending",
    "Server",
    "SettingLine",
    "Settings",
    "Site",
    "Smtp",
    "find_sources",
    "list_settings",
    "load_settings",
    "read_secret",
]
