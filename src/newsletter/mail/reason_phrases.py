"""The words of mail servers: which phrase stands for which reason. English; others are in ``reason_languages``.

Phrases are parted by ``|``, in the form of ``phrases.simplify``: lower case, no punctuation, ``@`` for any address.
A phrase begins at a word and may end inside one ("full" finds "fully"). ``*`` stands for up to sixty characters.

Four tables, asked in this order; within one, the first reason with a phrase in the text wins.

``SURE``      the reader or his domain is named as the cause, or the sender in words that would pass for it
``BLOCKING``  somebody refuses us, the letter or the moment (``refusal_phrases``)
``LIKELY``    words that mean a missing mailbox only where nothing above was said
``VAGUE``     words that only say that something went wrong
"""

from __future__ import annotations

from newsletter.domain.bounce import BounceReason as R

Phrases = tuple[tuple[R, str], ...]

SURE: Phrases = (
    (
        R.SENDER_REFUSED,
        """
        sender address rejected | sender address has null | sender domain has null | sender rejected
        sender unknown | sender verif | sender address verif
        sender s domain | sender s address | sender domain | sender is not exist | sender address * does not exist
        sender * not exist | sender * could not be verified | domain of sender | domain of the sender
        domain of your | from address verif | from address * does not | mail from domain | mail from address
        mail from * does not exist | return path * does not | envelope sender | invalid sender
        from domain is invalid | from * domain is invalid | a valid from | valid sender | bad sender
        unknown sender | unresolvable sender | unverified sender | unable to verify sender
        could not verify sender | cannot verify sender | does not accept mail from | not accepting mail from
        do not accept mail from | won t accept mail from | not accept any mail from | you are not allowed to send
        you are not permitted to send | not authorized to send | your email address is not
        """,
    ),
    (
        R.NETWORK,
        """
        host not found try again | delivery temporarily suspended | name service error * try again
        temporary * lookup | temporarily unable to resolve
        """,
    ),
    (
        R.SYSTEM,
        """
        procmail
        """,
    ),
    (
        R.BLOCKED,
        """
        helo command rejected | ehlo command rejected | client host rejected | client host | sender host
        sending host | helo | ehlo | reverse dns | reverse lookup | reverse hostname | reverse * not exist
        reverse * not found | ptr | hostname * not exist | your hostname | your host name | your ip | your server
        your mail server | your domain
        """,
    ),
    (
        R.AUTHENTICATION,
        """
        spf | dkim | dmarc
        """,
    ),
    (
        R.PROTOCOL,
        """
        command not recog | command unrecog | command unknown | unknown command | unrecognized command
        unrecognised command | invalid command
        """,
    ),
    (
        R.UNSPECIFIED,
        """
        unknown address error | unknown error | unknown reason | unknown problem | unknown failure | unknown cause
        diagnostic 1 unknown
        """,
    ),
    (
        R.RATE_LIMITED,
        """
        has sent to too many | receiving mail at a rate | receiving mail too quickly | receiving email at a rate
        too many invalid recipients | too many unknown | too many bad recipients | too many nonexist
        """,
    ),
    (
        R.MOVED,
        """
        recipient no longer on server | address has changed | address changed | changed his address
        no longer on this server please use | user has moved | recipient has moved | person has moved
        account has moved | mailbox has moved | new address is
        """,
    ),
    (
        R.RECIPIENT_REFUSED,
        """
        refused due to recipient preference | recipient preferences | recipient s preferences
        email preferences of the person | message filtered | filtered by | blocked by user | blocked by recipient
        blocked by the recipient | recipient has blocked | recipient does not accept | recipient * only accepts
        user has blocked | you have been blocked by | on recipient s block | only accepts mail from
        only accept mail from | accepts messages only from | not a member of | not subscribed | google groups
        not allowed to post | permission to post | members only | moderated | nonmembers | non member
        requires that all senders be authenticated | delivery not authorized | approved senders | resolver rst
        resolver rst notauthorized | not authorized to receive | message restrictions | delivery restrictions
        recipient restrictions | mailbox restrictions | rejected by recipients | rejected by user | whitelist
        """,
    ),
    (
        R.MAILBOX_DISABLED,
        """
        mailbox unavailable or access denied | unknown or disabled | unknown or inactive | disabled | deactivated
        de activated | inactive | not active | is no longer active | not been activated | suspended | suspend
        is locked | account locked | temporarily locked | temporary locked | temporarily unavailable account
        is frozen | mailbox frozen | is blocked mailbox | mailbox is blocked | mailbox blocked
        account is blocked | account blocked | user is blocked | account has been blocked | account expired
        account has expired | account is expired | mailbox expired | account has been closed | account closed
        account is closed | account has been terminated | account terminated | account cancelled
        account is not available | account unavailable | account not available | account temporarily
        account has been temporarily | mailbox temporarily | mailbox is temporarily
        mailbox currently unavailable | mailbox is unavailable at this time | mailbox not allowed
        email temporarily unavailable | not currently accepting | is not accepting | not accepting mail
        not accepting messages | not accepting any | currently not able to receive | not able to receive
        not allowed to receive | not permitted to receive | cannot receive | can not receive
        no longer accepts mail | no longer accepting
        not have a final email delivery point | has not been collected | dormant | unpaid
        """,
    ),
    (
        R.UNKNOWN_DOMAIN,
        """
        no such domain | point to non existent hosts | bad host name | bad domain name | domain no longer exist
        domain * not appear to be registered | domain * not registered | domain is not registered | unknown domain
        domain unknown | domain not found | domain does not exist | domain doesn t exist | domain * does not exist
        domain name does not exist | domain name not found | domain is not valid | nonexistent domain
        non existent domain | invalid domain | domain invalid | domain is invalid | bad domain | unknown host
        host unknown | host found but no data record | no data record of requested type | host or domain name not found
        host not found | no such host | unknown mail host | unknown mail domain | unrouteable mail domain
        unrouteable domain | unroutable domain | unrouteable address | unroutable address
        name or service not known | nxdomain | domain name service error | domain * doesn t receive
        domain * does not receive | domain * does not accept mail | domain * doesn t accept mail
        does not accept mail nullmx | nullmx | null mx | recipient domain * not exist | recipient domain not found
        no valid hosts | no mx record | no mail exchanger | no mail server | no mx or a record
        no mx or address record | couldn t find any host | could not find any host | couldn t find * host named
        cannot find any host | illegal host domain name found | no a or mx | address not in dns
        cannot resolve domain | the recipient s domain * exist | isn t in my control | hostname not found
        host name not found | domain you * doesn t exist | domain cannot be found | domain couldn t be found
        domain could not be found | unknown to dns | not found in dns
        """,
    ),
    (
        R.UNKNOWN_USER,
        """
        user unknown | unknown user | user is unknown | user @ unknown | recipient @ unknown | mailbox @ unknown
        address @ unknown | account @ unknown | no such virtual | user invalid | unkown user | user unkown
        unknown recipient | recipient unknown | recipient is unknown | recipient is not known | unknown local
        unknown address | address unknown | addressee unknown | unknown addressee | unknown mailbox
        mailbox unknown | mailbox is unknown | unknown account | account unknown | account is unknown
        unknown email
        unknown mail address | unknown or illegal | unknown or invalid | unknown virtual | unknown alias
        unknown rcpt | unknown username | unknown name | unknown contact | unknown destination
        unknown subscriber | user not known | user * not known | user not exist | user does not exist
        user doesn t exist | user * does not exist | user * doesn t exist | user * not exist | user not found
        user * not found | user isn t | user not local | user not valid | user no longer | user is not
        user * no longer | user has left | users unknown | username not found | no such user | no such local user
        no such recipient | no such mailbox | no such address | no such email | no such mail | no such account
        no such person | no such name | no such member | no such customer | no such subscriber | no such alias
        no such local | no such id | no such uid | no such rcpt | no such directory entry | no such e mail
        no such employee | no such inbox | no such forward | no mailbox | no mail box | no local mailbox
        no recipient by that name | no recipients in the directory | no valid mailbox
        no valid recipients for this | no known user | no match found | no matches to | no match for user
        no address associated | no person here | no one by that name | nobody by that name | nobody here
        no longer exist | no longer in service | no longer employed | no longer with | no longer at
        no longer works | no longer here | no longer being used | no longer used | no longer on this
        no longer has an | no longer a valid | not a valid user | not a valid mailbox | not a valid recipient
        not a valid address | not a valid email | not a valid username | not a valid account | not a valid local
        not a valid inbox | not a valid alias | not a local user | not a local mailbox | not a known user
        not a known | not a user | not a mailbox | not a recipient | not an active | not a current
        not valid address | not valid mailbox | not valid recipient | not valid user | not our customer
        not our user | not known here | not known to | not listed in * directory | not listed in domino
        not listed in public | not found in directory | not found in ldap | not found in * address book
        not found in our | not found by smtp address lookup | not in address book | not in directory | not in my
        not in our | not in the directory | not exist here | not exist on this | not exist in | not exist at
        not have an account | not have a * account | not have a mailbox | not have an email
        doesn t have a * account | doesn t have an account | didn t find any * user | isn t a valid | isn t a user
        address access denied as | isn t here | has no mailbox | has no such | had no mailbox | invalid user
        invalid recipient | invalid mailbox | invalid addressee | invalid local | invalid rcpt | invalid inbox
        invalid account | invalid username | invalid email | invalid destination | invalid or unknown
        invalid final delivery userid | address is invalid | address invalid | address is not valid
        address not valid | recipient not valid | recipient is invalid | recipient invalid
        recipient * is invalid | recipient is not valid | recipient not found | recipient * not found
        recipient not exist | recipient not recog | recipient notfound | recipientnotfound
        recipient cannot be found | recipient could not be found | recipient couldn t be found | recipient isn t
        recipient no longer | recipient not on file | recipient is not | recipient name is not recog
        recipient s * wasn t found | recipient address is not | recipient address not found | wasn t found at
        wasn t found | address * could not be found | address * couldn t be found | user * could not be found
        recipient * could not be found | mailbox * could not be found | account * could not be found
        user * cannot be found | recipient * cannot be found | account has been removed | mailbox has been removed
        user has been removed | unknown in local | unknown in virtual | unknown in relay | unknown in ldap
        no user by | no user with | no user named | no user here | no user found | no account by | no account with
        no account here | no account found | address * no longer available | mailbox * no longer available
        account * no longer available | unrecognised or name | unrecognised o r name | unrecognized o r name
        unrecognized or name | bad destination | recipient * was not found | address * wasn t found
        cannot locate * user | cannot locate * recipient | cannot locate * mailbox | cannot locate * account
        cannot locate * address | cannot locate * name | could not locate * user | could not locate * recipient
        could not locate * mailbox | could not locate * account | could not locate * address
        could not locate * name | unable to locate * user | unable to locate * recipient
        unable to locate * mailbox | unable to locate * account | unable to locate * address
        unable to locate * name | unable to find * user | unable to find * recipient | unable to find * mailbox
        unable to find * account | unable to find * address | unable to find * name | could not find * user
        could not find * recipient | could not find * mailbox | could not find * account
        could not find * address | could not find * name | couldn t find * user | couldn t find * recipient
        couldn t find * mailbox | couldn t find * account | couldn t find * address | couldn t find * name
        can t find * user | can t find * recipient | can t find * mailbox | can t find * account
        can t find * address | can t find * name | cannot find * user | cannot find * recipient
        cannot find * mailbox | cannot find * account | cannot find * address | cannot find * name
        address not found | address * not found | address not exist | address does not exist
        address doesn t exist | address not known | address not present | address error * unknown
        address is unknown | address is incorrect | address is wrong | address lookup failed
        address you entered couldn t | address rejected user | address rejected unknown | mailbox not found
        mailbox not exist | mailbox does not exist | mailbox doesn t exist | mailbox * does not exist
        mailbox * not found | mailbox invalid | mailbox is invalid | mailbox is not valid | mailbox isn t
        mailbox no longer | mailbox not known | mailbox not here | mailbox not local
        mailbox unavailable or not local | mailbox for * not found | account not found | account not exist
        account * does not exist | account does not exist | account doesn t exist | account * not found
        account is invalid | account has been deleted | account deleted | account is deleted | account removed
        account you * does not exist | been deleted | been discontinued | bad recipient | bad destination mailbox
        bad user | badrcptto | illegal recipient | incorrect recipient | incorrect address | wrong recipient
        wrong email | wrong mailbox | misspelled | isn t among | is not among | not our mailbox
        delivery to the following recipients * bademail | bademailaddress | adr exrecipnotfound | recipnotfound
        resolver adr | 5 4 1 * recipient address rejected access denied
        dsn bad | unknown_user | nosuchuser
        user_unknown | userunknown | user missing | recipient missing | said 550 no such | recipient verify failed
        recipient address verification failed | undeliverable address | recipient rejected unknown
        mail receiving disabled or unknown | left the company | left the organi | left our | is a former
        former employee | is deceased | delivery to non | lookup failed for user | isn t on our
        not on our server | not served here
        """,
    ),
    (
        R.MAILBOX_FULL,
        """
        mailbox full | mailbox is full | mailbox * is full | mailbox * full | full mailbox | mail box full
        mail box is full | inbox is full | inbox full | inbox * full | account is full | account full
        folder is full | maildir is full | user is full | over quota | overquota | over the quota | over its quota
        over their quota | over his quota | over disk quota | over the maximum * storage | over the storage
        over the allowed quota | over its disk | quota exceed | quota has been exceeded | quota is exceeded
        quota usage exceed | quota * exceeded | quota full | quota is full | quota violation | quota limit
        quota reached | quota error | quotaexceeded | out of quota | exceed * quota | exceeded * quota
        exceeding * quota | exceeds * quota | exceeded its storage | exceeded storage | exceeded the storage
        exceeded * storage | exceeded * mailbox | exceed mailbox | exceeds mailbox | exceeded * disk space
        exceeded * space | overdrawn * quota | disk quota | diskquota | storage limit | storage quota
        out of storage | out of space * mailbox | not enough storage space | insufficient storage space
        does not have enough space | doesn t have enough space | not enough space * mailbox | no space * mailbox
        not enough disk space * mailbox | insufficient space * mailbox | too many messages in
        too many messages on | has too many messages | number of messages in recipient | mailbox size limit
        mailbox size exceed | mailbox limit exceeded | mailbox has exceeded | mailbox exceeded | mailbox is over
        mailbox * insufficient | mailbox over | mailbox * exceeded | mailbox * over quota | mailbox quota
        maximum mailbox size | account is over | account * over quota | user * over quota | user is over
        user over | over maximum mailbox | resolver quota | no room * mailbox | mailfolder is over
        full on storage
        """,
    ),
)

LIKELY: Phrases = (
    (
        R.UNKNOWN_USER,
        """
        mailbox unavailable | mailbox not available | doesn t exist | dosn t exist | does not exist | do not exist
        dont exist | dose not exist | not exist | non exist | nonexist | nonexistant | doesnt exist
        invalid address | bad address | was not found | not recognized | not recognised | not registered
        not a registered | not found on this | not found on server | isn t known | not known at this
        illegal user | wrong user | no longer valid | no longer in use | bad mailbox | undeliverable address
        mailbox is unavailable | mailbox is not available | address rejected | recipient rejected
        recipient address rejected | not a valid | not our | unable to deliver to * mailbox
        """,
    ),
)

VAGUE: Phrases = (
    (
        R.RECIPIENT_REFUSED,
        """
        recipient refused | recipient was refused | refused recipient | refused by recipient
        """,
    ),
    (
        R.POLICY,
        """
        reject | refuse
        """,
    ),
)
