"""Words by which relays say that our quota is used up, and words that only sound like it."""

from __future__ import annotations

import pytest

from newsletter.domain.reply import Deferred, Postponed, Rejected, Reply, judge

ABOUT_OUR_QUOTA = [
    (450, "4.7.1 Error: too much mail from 192.0.2.7"),
    (450, "4.7.1 sender rate limit exceeded"),
    (451, "4.7.0 You are sending too fast, slow down"),
    (452, "4.3.2 submission rate of this account is exceeded, submission limit 30 a minute"),
    (421, "4.7.28 an unusual rate of mail comes from your account"),
    (454, "Throttling failure: maximum sending rate exceeded"),
    (550, "5.4.5 Daily sending limit for this user exceeded"),
    (550, "5.7.233 the tenant exceeded its daily limit for external recipients"),
    (550, "5.1.90 you have reached your daily limit for message recipients"),
    (554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"),
    (554, "5.7.1 policy says no: quota exceeded"),
    (550, "too many messages from you in a short time"),
    (550, "5.7.0 at most 500 messages per hour are taken from one account"),
    (451, "hourly limit reached, try later"),
    (450, "4.2.1 peak SMTP relay limit is exceeded for this customer"),
    (554, "5.2.2 mailbox full; STOREDRV.Submission.Exception: the sender's own"),
]
ABOUT_SOMETHING_ELSE = [
    (552, "5.2.2 mailbox full"),
    (554, "5.2.252 STOREDRV.Submission.Exception:SendAsDeniedException"),
    (432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"),
    (552, "quota exceeded"),
    (452, "4.2.2 the account is over quota"),
    (550, "user is over quota"),
    (450, "4.2.1 the user you write to is receiving mail at too high a rate"),
    (450, "4.7.1 greylisted, come back in 300 seconds"),
    (421, "4.7.0 too many connections from your host"),
    (421, "4.7.0 too many messages in this session"),
    (552, "5.3.4 message size exceeds the fixed limit"),
    (452, "4.5.3 too many recipients for one message"),
    (452, "4.3.1 insufficient system storage"),
    (550, "5.1.1 no such user"),
    (554, "5.7.1 this looks like spam"),
    (550, "5.7.1 your server is listed"),
]


@pytest.mark.parametrize(("code", "text"), ABOUT_OUR_QUOTA)
def test_a_quota_of_ours_is_no_refusal_of_the_reader(code: int, text: str) -> None:
    assert judge(Reply(code, text)) == Postponed(Reply(code, text))


@pytest.mark.parametrize(("code", "text"), ABOUT_SOMETHING_ELSE)
def test_what_only_sounds_like_it_is_what_its_code_says(code: int, text: str) -> None:
    assert judge(Reply(code, text)) == (Rejected if code >= 500 else Deferred)(Reply(code, text))


def test_a_welcome_is_never_a_refusal() -> None:
    assert not Reply(250, "2.0.0 queued; 12 messages per hour left").is_quota_refusal
