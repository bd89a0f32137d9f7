"""Reading newsletter.toml: the one place that reads files and environment for it."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from newsletter.errors import ConfigurationError
from newsletter.mail.webhook import list_providers
from newsletter.settings.sections import RELAYS, DatabaseSection, RelaySection, Settings

_PREFIX = "NEWSLETTER_"
_SHORTEST_SECRET = 32

#: Keys that name a file or folder.
_PATHS = {
    ("smtp", "outbox"),
    ("smtp", "password_file"),
    ("smtp", "oauth_client_secret_file"),
    ("smtp", "oauth_refresh_token_file"),
    ("dkim", "key_file"),
    ("bounces", "maildir"),
    ("bounces", "imap_password_file"),
    ("bounces", "listen_certificate"),
    ("bounces", "listen_key"),
    ("render", "theme"),
    ("security", "secret_key_file"),
    ("security", "address_key_file"),
}


def load_settings(file: Path, environ: Mapping[str, str]) -> Settings:
    """Read ``file`` and lay the environment's NEWSLETTER_SECTION__KEY over it.

    Raises ConfigurationError with one sentence: which key, and what it should be.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"There is no {file}: make a project with 'newsletter init DIR', or point NEWSLETTER_CONFIG at its file."
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    overlaid = _overlay(document, environ)
    _refuse_unknown(overlaid, file)
    resolved = _read_secrets(_resolve_paths(overlaid, file.parent.absolute()))
    try:
        return msgspec.convert(resolved, Settings, strict=False)
    except msgspec.ValidationError as error:
        sentence, _, place = str(error).partition(" - at `$.")
        raise ConfigurationError(f"{file}: {place.rstrip('`') or 'the file'}: {sentence}.") from error


def find_sources(file: Path, environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return where each key that is set comes from, by section and key. Call it where ``load_settings`` did well."""
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    sources = {(section, key): "file" for section, keys in document.items() if section != RELAYS for key in keys}
    for variable in environ:
        if variable.startswith(_PREFIX) and "__" in variable:
            section, _, key = variable.removeprefix(_PREFIX).lower().partition("__")
            sources[section, key] = "environment"
    return sources


def read_secret(secret: str) -> bytes:
    """Return a signing key. Raises ConfigurationError for one that could be guessed."""
    if len(secret) < _SHORTEST_SECRET:
        raise ConfigurationError(
            "[security] secret_key needs at least 32 characters; 'newsletter init' makes one, or: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'."
        )
    return secret.encode("utf-8")


def _overlay(document: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    overlaid = {name: dict(section) if isinstance(section, dict) else section for name, section in document.items()}
    for variable, text in environ.items():
        if variable.startswith(_PREFIX) and "__" in variable:
            section, _, key = variable.removeprefix(_PREFIX).lower().partition("__")
            if section == RELAYS:
                raise ConfigurationError(f"{variable}: the keys of [[{RELAYS}]] can only be set in the file.")
            overlaid.setdefault(section, {})[key] = _read_override(text)
    return overlaid


def _read_override(text: str) -> Any:  # noqa: ANN401 - whatever TOML has
    """Read lists as TOML writes them; anything else is taken as it stands and converted to the key's type."""
    if text.startswith("["):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _refuse_unknown(document: dict[str, Any], file: Path) -> None:
    sections = get_type_hints(Settings)
    for name, section in document.items():
        if name not in sections:
            raise ConfigurationError(f"{file}: there is no section [{name}]{_nearest(name, sections)}")
        if name == RELAYS:
            _refuse_unknown_relays(section, file)
            continue
        if not isinstance(section, dict):
            raise ConfigurationError(f"{file}: {name} is a section; write its keys under [{name}].")
        keys = _list_keys(sections[name])
        for key in section:
            if key not in keys:
                raise ConfigurationError(f"{file}: [{name}] has no key {key}{_nearest(key, keys)}")


def _refuse_unknown_relays(sections: Any, file: Path) -> None:  # noqa: ANN401 - whatever TOML has
    if not isinstance(sections, list) or not all(isinstance(section, dict) for section in sections):
        raise ConfigurationError(f"{file}: {RELAYS} are several; write the keys of each under [[{RELAYS}]].")
    keys = _list_keys(RelaySection)
    for section in sections:
        for key in section:
            if key not in keys:
                raise ConfigurationError(f"{file}: [[{RELAYS}]] has no key {key}{_nearest(key, keys)}")
    names = [section.get("name") for section in sections]
    if len(set(names)) < len(names) or "relay" in names:
        raise ConfigurationError(
            f'{file}: each of [[{RELAYS}]] needs a name of its own, and "relay" is that of [smtp].'
        )


def _list_keys(section: Any) -> set[str]:  # noqa: ANN401 - a class, or the form of [hooks]
    if isinstance(section, type):
        return {field.encode_name for field in msgspec.structs.fields(section)}
    return {key for provider in list_providers() for key in (provider, f"{provider}_file")}


def _nearest(word: str, known: Collection[str]) -> str:
    """Return the end of a sentence that says what was meant."""
    matches = get_close_matches(word, known, n=1, cutoff=0.4)
    return f"; did you mean {matches[0]}?" if matches else f"; there are {', '.join(sorted(known))}."


def _resolve_paths(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    files = {("hooks", key) for key in document.get("hooks", {}) if key.endswith("_file")}
    for relay in document.get(RELAYS, ()):
        for _, key in (named for named in _PATHS if named[0] == "smtp"):
            if relay.get(key):
                relay[key] = str(folder / Path(relay[key]).expanduser())
    for section, key in _PATHS | files:
        path = document.get(section, {}).get(key)
        if path:
            document[section][key] = str(folder / Path(path).expanduser())
    for publisher in document.get("site", {}).get("publishers", ()):
        logo = publisher.get("logo") if isinstance(publisher, dict) else None
        if isinstance(logo, str) and logo and "://" not in logo:
            publisher["logo"] = str(folder / logo)
    database = document.setdefault("database", {})
    scheme, _, path = str(database.get("url", DatabaseSection().url)).partition(":///")
    if scheme == "sqlite" and path:
        database["url"] = f"sqlite:///{folder / path}"
    return document


def _read_secrets(document: dict[str, Any]) -> dict[str, Any]:
    sections = [(name, section) for name, section in document.items() if name != RELAYS]
    sections += [(RELAYS, relay) for relay in document.get(RELAYS, ())]
    for name, section in sections:
        for key in [key for key in section if key.endswith("_file") and section[key]]:
            try:
                section[key.removesuffix("_file")] = Path(section[key]).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"[{name}] {key}: {section[key]} cannot be read: {error}") from error
    return document
