"""Every key as it holds now, for people to read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

import msgspec
from msgspec import Meta

from newsletter.settings.sections import Settings

_SET = "set, and not shown"
#: Beside the keys that have a sibling KEY_file. A command or an address may hold a password.
_SECRETS = {("security", "previous_secret_keys"), ("smtp", "oauth_token_command")}
_PASSWORD_IN_URL = re.compile(r"(://[^/@:]*:).*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingLine:
    """One key as it holds now, fit to be shown."""

    section: str
    key: str
    #: "" where nothing is set; of a secret only that it is
    value: str
    #: "default", "file" or "environment"
    source: str
    meaning: str


def list_settings(settings: Settings, sources: Mapping[tuple[str, str], str]) -> Iterator[SettingLine]:
    """Give every key with its value, but of secrets only whether they are set."""
    sections: dict[str, Any] = get_type_hints(Settings)
    for section, form in sections.items():
        held = getattr(settings, section)
        if isinstance(held, dict):
            for key in held:
                source = sources.get((section, key)) or sources.get((section, f"{key}_file"), "file")
                yield SettingLine(section=section, key=key, value=_SET, source=source, meaning="Verifies webhooks.")
            continue
        if isinstance(held, tuple):
            for relay in held:
                way = f"{relay.host}:{relay.port}"
                yield SettingLine(
                    section=section, key=relay.name, value=way, source="file", meaning=relay.__doc__ or ""
                )
            continue
        hints = get_type_hints(form, include_extras=True)
        names = {field.encode_name for field in msgspec.structs.fields(form)}
        for field in msgspec.structs.fields(form):
            key = field.encode_name
            is_secret = f"{key}_file" in names or (section, key) in _SECRETS
            file_source = sources.get((section, f"{key}_file")) if is_secret else None
            yield SettingLine(
                section=section,
                key=key,
                value=_show_value(getattr(held, field.name), is_secret=is_secret),
                source=sources.get((section, key)) or file_source or "default",
                meaning=_read_meaning(hints[field.name]),
            )


def _show_value(value: object, *, is_secret: bool) -> str:
    if is_secret:
        return _SET if value else ""
    if isinstance(value, tuple):
        return ", ".join(str(getattr(each, "name", each)) for each in value)
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return _PASSWORD_IN_URL.sub(r"\1…@", text)


def _read_meaning(hint: Any) -> str:  # noqa: ANN401 - whatever a key is declared as
    found = (each.description for each in getattr(hint, "__metadata__", ()) if isinstance(each, Meta))
    return next(found, None) or ""
