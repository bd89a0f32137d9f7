"""Who wrote a message: a mail system, a program in a reader's name, or a person."""

from __future__ import annotations

import re
from functools import lru_cache

from newsletter.mail.found_address import only_addresses
from newsletter.mail.parts import Message

# Names that mail systems write under. The local part is asked for more of them than the display name, which may be
# anybody's: "Stock Exchange News" is no mail server, and "Delivery Status" may be a parcel's.
_SYSTEM_NAME = re.compile(
    r"mailer?[-_. ]?daemon|mdaemon|post[-_. ]?master|delivery[-_. ]?sub-?system|system[-_. ]?administrator|ndr admin"
    r"|mail[-_. ]?(?:deliver|system|server|router|gateway|transfer|transport)|message[-_ ]?(?:transfer|delivery)"
    r"|non-?delivery|undeliver|returned[-_ ]mail|internet[-_ ]mail[-_ ](?:service|delivery)|mailsweeper|mimesweeper"
    r"|messaging (?:system|server|gateway)|e-?mail[-_. ](?:security|delivery|system|server|gateway|router)"
    r"|smtp[-_. ](?:gateway|server|daemon|relay)|mail[-_. ]?admin|virus[-_. ]?(?:scanner|wall|checker)"
    r"|spam[-_. ]?(?:filter|firewall)|content[-_. ]?filter|zustellsystem|système de messagerie|sistema de correo"
    r"|почтов(?:ая система|ый демон|ый сервер)|メール配信|メールサーバ|メールシステム|退信|邮件系统|郵件系統|邮件服务"
    r"|郵件服務|系统管理员|系統管理員|메일 ?(?:시스템|서버)"
)
_SYSTEM_LOCAL = re.compile(
    r"m-?daemon|daemon|ndr|dsn|imss|bounces?|bounced|mta|smtpd?|mx|mail|mailsystem|mail-?admin|mailer|system|sys-?admin"
    r"|mail[-_.]?master|electronic[-_.]?postmaster|mdn|mailmarshal|interscan|antispam|antivirus|virus-?scanner"
    r"|amavis\w*|email-?gateway|exchange|microsoftexchange\w*|groupwise|domino|autodeliver|no-?delivery|mail-?return"
    r"|returned?|delivery[-_.]?(?:agent|status|report|failure|notification)s?"
)
_SHARED_LOCAL = re.compile(r"mail|mailer|mx|smtpd?|system|sys-?admin|exchange|returned?")
_ROBOT_LOCAL = re.compile(
    r"(?:no|do|donot|do-not)[-_.]?(?:not)?[-_.]?reply|auto|robot|admin|notif|system|service|info-?mail"
)
_FORWARD = re.compile(
    r"\s*(?:\[[^\]]{0,40}\]\s*)?(?:re|fwd?|aw|wg|tr|rv|enc|res|sv|vs|i|r|odp|pd|ynt|antw|doorst|転送|返信|回复|转发|答复)"
    r"\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(r"auto-(?:replied|generated|notified)")


@lru_cache(maxsize=2)  # asked several times of a message
def from_address(message: Message) -> str:
    """Return the address of From, lower case; empty if it has none."""
    return next(iter(only_addresses(message.top.first("from"))), "")


def is_from_mail_system(message: Message) -> bool:
    """Whether From is the name of a mail system, as far as a name can tell."""
    sender = (message.top.first("from") or message.top.first("sender")).lower()
    address = from_address(message)
    local = address.partition("@")[0]
    return bool(_SYSTEM_NAME.search(sender) or _SYSTEM_LOCAL.fullmatch(local)) or not sender.strip('<>@ "')


def is_clearly_from_mail_system(message: Message) -> bool:
    """Whether nobody else has that name; mail@ and system@ may be a shop's."""
    local = from_address(message).partition("@")[0]
    sender = (message.top.first("from") or message.top.first("sender")).lower()
    return is_from_mail_system(message) and (
        _SYSTEM_NAME.search(sender) is not None or _SHARED_LOCAL.fullmatch(local) is None
    )


def is_from_robot(message: Message) -> bool:
    """Whether From is an address that no person writes from."""
    return _ROBOT_LOCAL.match(from_address(message)) is not None


def is_from_mail_program(message: Message) -> bool:
    """Whether a person's mail program made this answer or forward, whatever the name in From."""
    fields = message.top
    if is_forward_or_reply(message) and (fields.first("user-agent") or fields.first("x-mailer")):
        return True
    # People write from mail@ and system@ too, but no program answers a letter without a word of being one.
    answers = bool(fields.first("in-reply-to") or fields.first("references"))
    is_named = _SYSTEM_NAME.search(fields.first("from").lower()) is not None
    return answers and not (is_named or has_null_sender(message) or is_automatic(message))


def has_null_sender(message: Message) -> bool:
    """Whether the envelope sender was empty, as it is for reports and for many auto-replies."""
    return any(
        path.strip() in {"<>", "", "< >"} or "mailer-daemon" in path.lower()
        for path in message.top.every("return-path")
    )


def is_automatic(message: Message) -> bool:
    """Whether it says of itself that a program wrote it (RFC 3834)."""
    return bool(_AUTOMATIC.search(message.top.first("auto-submitted").lower()))


def is_forward_or_reply(message: Message) -> bool:
    return bool(_FORWARD.match(message.top.first("subject")))
