from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path

import pytest

from newsletter.domain.issue import Publisher
from newsletter.domain.mailing import DoubtfulPolicy
from newsletter.errors import ConfigurationError
from newsletter.settings import CadenceSection, Settings, find_sources, list_settings, load_settings, read_secret

EXAMPLE = Path(__file__).parents[2] / "config" / "newsletter.example.toml"


def load(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    file = folder / "newsletter.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ or {})


def refusal(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, environ)
    return str(caught.value)


def test_the_example_file_loads_as_it_is(tmp_path: Path) -> None:
    assert load(tmp_path, EXAMPLE.read_text(encoding="utf-8")) == load(tmp_path, "")


def test_every_key_of_the_example_file_stands_at_its_default(tmp_path: Path) -> None:
    every_key_set = re.sub(r"(?m)^#(?=\w+ = )", "", EXAMPLE.read_text(encoding="utf-8"))

    assert load(tmp_path, every_key_set) == load(tmp_path, "")


def test_an_empty_file_gives_the_defaults_and_a_database_beside_it(tmp_path: Path) -> None:
    settings = load(tmp_path, "")

    assert settings.database.url == f"sqlite:///{tmp_path}/newsletter.db"
    assert settings.smtp.connections == 4
    assert settings.sending.doubtful is DoubtfulPolicy.RESEND


def test_values_are_converted_to_the_types_of_their_keys(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        [site]
        publishers = [{ name = "Institute", url = "https://institute.example" }]
        [cadence]
        first = 2026-03-05
        at = "07:30"
        [sending]
        doubtful = "hold"
        [mail]
        from = "editors@example.org"
        """,
    )

    assert settings.site.publishers == (Publisher(name="Institute", url="https://institute.example"),)
    assert (settings.cadence.first, settings.cadence.at_time) == (date(2026, 3, 5), time(7, 30))
    assert settings.sending.doubtful is DoubtfulPolicy.HOLD
    assert settings.mail.from_ == "editors@example.org"


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no .*absent\.toml: make a project with 'newsletter init"):
        load_settings(tmp_path / "absent.toml", {})


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in refusal(tmp_path, "[site]\nname = unquoted\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[smpt]\nport = 25", "there is no section [smpt]; did you mean smtp?"),
        ("[smtp]\nhots = 'relay'", "[smtp] has no key hots; did you mean host?"),
        ("[mail]\nfrom_ = 'a@example.org'", "[mail] has no key from_; did you mean from?"),
        ("[render]\nqqq = 1", "[render] has no key qqq; there are compiler, theme."),
        ("[hooks]\ngeneral = 'x'", "[hooks] has no key general; did you mean generic?"),
        ("site = 'The Review'", "site is a section; write its keys under [site]."),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(tmp_path: Path, text: str, sentence: str) -> None:
    assert refusal(tmp_path, text).endswith(sentence)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[smtp]\nport = 'twenty-five'", "smtp.port"),
        ("[smtp]\nport = 70000", "smtp.port"),
        ("[smtp]\nsecurity = 'ssl'", "smtp.security"),
        ("[cadence]\nat = '9 o’clock'", "cadence.at"),
        ("[cadence]\nfirst = 'soon'", "cadence.first"),
        ("[sending]\ndoubtful = 'shrug'", "sending.doubtful"),
        ("[site]\npublishers = [{ url = 'https://institute.example' }]", "site.publishers"),
    ],
)
def test_a_value_of_the_wrong_type_gives_one_sentence_that_names_the_key(tmp_path: Path, text: str, key: str) -> None:
    sentence = refusal(tmp_path, text)

    assert key in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_a_time_of_day_that_no_clock_shows_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"\[cadence\] at: '29:00' is no time of day"):
        CadenceSection(at="29:00").at_time  # noqa: B018 - reading it is the act


def test_the_environment_overrides_single_keys_and_is_converted_like_the_file(tmp_path: Path) -> None:
    environ = {
        "NEWSLETTER_SMTP__PORT": "2525",
        "NEWSLETTER_MAIL__FROM": "editors@example.org",
        "NEWSLETTER_SERVER__TRUSTED_PROXIES": '["127.0.0.1", "::1"]',
        "NEWSLETTER_SITE__NAME": "[untitled",
        "NEWSLETTER_CONFIG": "elsewhere.toml",
        "UNRELATED__KEY": "1",
    }
    settings = load(tmp_path, "[smtp]\nhost = 'relay.example.org'\nport = 25", environ)

    assert (settings.smtp.host, settings.smtp.port) == ("relay.example.org", 2525)
    assert settings.mail.from_ == "editors@example.org"
    assert settings.server.trusted_proxies == ("127.0.0.1", "::1")
    assert settings.site.name == "[untitled"


def test_an_unknown_key_in_the_environment_is_refused_too(tmp_path: Path) -> None:
    assert "[smtp] has no key prot; did you mean port?" in refusal(tmp_path, "", {"NEWSLETTER_SMTP__PROT": "25"})


def test_a_secret_is_read_from_the_file_that_its_key_names(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("k" * 32 + "\n", encoding="utf-8")

    settings = load(tmp_path, "[security]\nsecret_key_file = 'secret'")

    assert settings.security.secret_key == "k" * 32
    assert settings.security.secret_key_file == str(tmp_path / "secret")


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "[smtp]\npassword_file = 'absent'")

    assert sentence.startswith(f"[smtp] password_file: {tmp_path / 'absent'} cannot be read")


def test_relative_paths_stand_for_files_beside_the_configuration(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "[database]\nurl = 'sqlite:///data/news.db'\n[smtp]\noutbox = 'outbox'\n[render]\ntheme = '/srv/theme'",
    )

    assert settings.database.url == f"sqlite:///{tmp_path}/data/news.db"
    assert settings.smtp.outbox == str(tmp_path / "outbox")
    assert settings.render.theme == "/srv/theme"


def test_the_refresh_token_stays_in_its_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "refresh").write_text("long-lived", encoding="utf-8")
    smtp = load(tmp_path, "[smtp]\nauth = 'xoauth2'\noauth_refresh_token_file = 'refresh'").smtp

    assert smtp.oauth_refresh_token_file == str(tmp_path / "refresh")
    assert "long-lived" not in repr(smtp)


def test_an_absolute_database_and_another_server_stay_as_they_are(tmp_path: Path) -> None:
    absolute = load(tmp_path, "[database]\nurl = 'sqlite:////srv/news.db'")
    postgres = load(tmp_path, "[database]\nurl = 'postgresql:///news'")

    assert absolute.database.url == "sqlite:////srv/news.db"
    assert postgres.database.url == "postgresql:///news"


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 32 characters"):
        read_secret("hunter2")
    assert read_secret("k" * 32) == b"k" * 32


def test_a_webhooks_key_may_stand_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "generic.key").write_text("a secret\n", encoding="utf-8")

    assert load(tmp_path, "[hooks]\ngeneric_file = 'generic.key'").hooks["generic"] == "a secret"


def test_a_webhooks_key_may_stand_in_the_environment(tmp_path: Path) -> None:
    assert load(tmp_path, "", {"NEWSLETTER_HOOKS__GENERIC": "a secret"}).hooks == {"generic": "a secret"}


TWO_RELAYS = """
[[relays]]
name = "second"
host = "relay.example.net"
password_file = "secret"
weight = 2
"""


def test_further_relays_have_every_key_of_the_first_one(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n", encoding="utf-8")
    file = tmp_path / "newsletter.toml"
    file.write_text(TWO_RELAYS, encoding="utf-8")
    settings = load_settings(file, {})

    (relay,) = settings.relays
    assert (relay.name, relay.host, relay.port, relay.password, relay.weight) == (
        "second", "relay.example.net", 25, "hidden", 2,
    )  # fmt: skip
    shown = [line for line in list_settings(settings, find_sources(file, {})) if line.section == "relays"]
    assert [(line.key, line.value) for line in shown] == [("second", "relay.example.net:25")]


@pytest.mark.parametrize(
    ("text", "environ", "why"),
    [
        ('[[relays]]\nname = "a"\nhots = "b"', {}, "[[relays]] has no key hots; did you mean host?"),
        ('[relays]\nname = "a"', {}, "write the keys of each under [[relays]]"),
        ('[[relays]]\nname = "a"\n[[relays]]\nname = "a"', {}, "needs a name of its own"),
        ('[[relays]]\nname = "relay"', {}, "needs a name of its own"),
        ('[[relays]]\nhost = "a"', {}, "name"),
        ("", {"NEWSLETTER_RELAYS__HOST": "a"}, "can only be set in the file"),
    ],
)
def test_relays_that_are_written_wrong_are_refused(
    tmp_path: Path, text: str, environ: dict[str, str], why: str
) -> None:
    file = tmp_path / "newsletter.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError) as refused:
        load_settings(file, environ)
    assert why in str(refused.value)
