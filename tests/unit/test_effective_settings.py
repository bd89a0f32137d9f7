"""The configuration as it is shown to people: every key with its source, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.settings import SettingLine, find_sources, list_settings, load_settings

SECRET = "of thirty-two characters, or of more"  # noqa: S105 - nobody's

FILE = f"""
[site]
name = "The River Review"
publishers = [{{name = "The Institute"}}, {{name = "The Society"}}]
[database]
url = "postgresql://news:{SECRET}@db.example.org/news"
[smtp]
username = "news"
password_file = "relay-password"
[security]
secret_key = "{SECRET}"
previous_secret_keys = ["{SECRET}"]
[hooks]
postmark = "{SECRET}"
"""


@pytest.fixture
def lines(tmp_path: Path) -> dict[tuple[str, str], SettingLine]:
    file = tmp_path / "newsletter.toml"
    file.write_text(FILE, encoding="utf-8")
    (tmp_path / "relay-password").write_text(SECRET, encoding="utf-8")
    environ = {"NEWSLETTER_SMTP__PORT": "2525"}
    settings = load_settings(file, environ)
    return {(line.section, line.key): line for line in list_settings(settings, find_sources(file, environ))}


def test_every_key_says_where_it_comes_from(lines: dict[tuple[str, str], SettingLine]) -> None:
    assert (lines["site", "name"].value, lines["site", "name"].source) == ("The River Review", "file")
    assert (lines["smtp", "port"].value, lines["smtp", "port"].source) == ("2525", "environment")
    assert (lines["smtp", "connections"].value, lines["smtp", "connections"].source) == ("4", "default")
    assert lines["site", "publishers"].value == "The Institute, The Society"
    assert lines["smtp", "port"].meaning == "Its port."


def test_no_secret_is_shown(lines: dict[tuple[str, str], SettingLine]) -> None:
    assert all(SECRET not in line.value for line in lines.values())
    for key in (("security", "secret_key"), ("security", "previous_secret_keys"), ("hooks", "postmark")):
        assert (lines[key].value, lines[key].source) == ("set, and not shown", "file")
    assert (lines["smtp", "password"].value, lines["smtp", "password"].source) == ("set, and not shown", "file")
    assert lines["database", "url"].value == "postgresql://news:…@db.example.org/news"
    assert lines["bounces", "imap_password"].value == ""
