"""The words with which servers refuse the sender, the letter or the moment, in English. See ``reason_phrases``."""

from __future__ import annotations

from newsletter.domain.bounce import BounceReason as R
from newsletter.mail.reason_phrases import Phrases

BLOCKING: Phrases = (
    (
        R.VIRUS,
        """
        virus | malware | trojan | infected | phish | malicious
        """,
    ),
    (
        R.AUTHENTICATION,
        """
        dmarc | dkim | spf | sender policy framework | unauthenticated email | unauthenticated mail
        unauthenticated sender | sender is unauthenticated | senders are not | authentication required
        authentication is required | authentication failed | authentication check | requires authentication
        smtp authentication | smtp auth | must be authenticated | not authenticated | domainkeys | sender id
        senderid | must authenticate | authentication results | tls required | requires tls | starttls
        """,
    ),
    (
        R.BLOCKED,
        """
        blocked using | spamhaus | spamcop | sorbs | barracudacentral | dnsbl | dnsrbl | dnswl | rbl | rhsbl
        surbl | blacklist | black list | blocklist | block list | blocklisted | blacked | listed in | listed at
        listed on | client host | ip address * blocked | ip address * rejected | ip * blocked
        ip has been blocked | ip is blocked | blocked by | your ip | ip address * is not allowed | reverse dns
        ptr record | ptr resource | rdns | no ptr | bad dns ptr | reverse lookup | reverse hostname
        cannot find your hostname | cannot find your reverse | no reverse | helo command rejected | helo name
        bad helo | invalid helo | host network not allowed | access from ip | server refused to talk
        refused to talk to me | connections from this host | connection refused due to abuse | connection rejected
        banned sending ip | banned ip | client not permitted | blocked for abuse | dynamic ip | dynamic address
        dynamic host | dialup | dial up | no smtp service | nemesis | geo | country | blocked see | blocked visit
        temporarily blocked | been blocked | is blocked | was blocked | blocked | not allowed to connect
        host is not allowed
        """,
    ),
    (
        R.REPUTATION,
        """
        reputation | hl rep | senderscore | sender score | user complaints | too many complaints | complaint
        too much spam from | poor * reputation | unexpected volume | suspicious activity | suspected spam source
        tss04
        """,
    ),
    (
        R.SPAM_CONTENT,
        """
        spam | ube | uce | unsolicited | dt spm | mi spb | junk | bulk mail | bulk email | bulk message
        mass mail | mass mailer | advertis | content reject | content filter | content policy | content rejected
        message content | content restriction | content not allowed | contents rejected | uribl | blacklisted url
        url in message | links in | filtered out | message scored | message score | scored | score too high
        scoring | bayes | profile the internet community | triggered | banned | forbidden content | prohibited
        inappropriate | offensive | unwanted | mailmarshal | looks like | attachment | file type
        duplicate header | not rfc compliant | not rfc | rfc 5322 | rfc 2822 | rfc 822
        multiple addresses in from
        """,
    ),
    (
        R.TOO_BIG,
        """
        too big | too large | too long | message size exceed | message size limit | message size is | message size
        message length exceed | message exceeds | message is larger | message larger | exceeds size limit
        exceeds the maximum | exceeds maximum | exceeds * message size | exceeded * message size
        maximum message size | maximum size | size limit | size exceed | exceeds limit | exceeds the limit
        over size | oversize | larger than | exceeding the size | size greater than | line length
        """,
    ),
    (
        R.RATE_LIMITED,
        """
        greylist | graylist | grey list | gray list | greylisted | too many | rate limit | frequency limit
        ratelimit | rate exceeded | rate control | rate too | throttl | slow down | sending too fast | too fast
        too quickly | too frequently | too much mail | exceeded the rate | exceeded your
        exceeded the maximum number of | message limit | connection limit | connections limit
        maximum number of connections | maximum connections | concurrent connections | concurrency | hourly
        daily limit | daily sending | sending quota | sending limit | per hour | per minute | per day
        quota for sending | limit exceeded | exceeded limit | deferred due to | temporarily deferred
        try again later * rate
        """,
    ),
    (
        R.RELAYING,
        """
        relaying | to relay | relay access | relay denied | relay not | relay is | relay for | relay to | relay mail
        relay prohibited | relay from | relay through | not relay | no relay | open relay | relay operation
        not a gateway | rcpthosts | allowed recipient hosts | we do not accept mail for
        not a local domain | not local | domain isn t in | domain is not in | not configured to | not hosted
        isn t hosted | mail for * not accepted | not permitted to relay | we don t handle mail for
        doesn t handle mail | does not handle mail | don t handle | email address is not verified | outgoing mail
        """,
    ),
    (
        R.POLICY,
        """
        policy | policies | denied by | access denied | access rejected | access forbidden | not accepted for
        not authorized | not authorised | unauthorized | unauthorised | not permitted | not allowed | forbidden
        administrative prohibition | administratively | local rule | security reason | security polic | violat
        rejected by | message refused | message rejected | message was rejected | transaction rejected
        mail rejected | email rejected | rejected for | refused by | refused mail | refused your | denied
        rejected due | refused to accept | not welcome | go away | not wanted
        """,
    ),
    (
        R.EXPIRED,
        """
        message expired | expired | been in the queue too long | in the queue too long | queue too long
        too long in queue | retry time | retry timeout | retry limit | retries exceeded | retry count
        delivery time | failed * attempts | maximum number of delivery attempts | after * delivery attempts
        maximum retries | giving up | given up | timeout exceeded | could not be delivered for
        cannot be delivered for | unable to deliver in | unable to deliver this message after | undelivered for
        queued too long | lifetime | not delivered within | not delivered in | delivery timed out
        message timed out | message timeout | delivery timeout | time limit
        """,
    ),
    (
        R.NETWORK,
        """
        timed out | time out | timeout | connection refused | connection dropped | connection was dropped
        connection reset | connection lost | connection closed | connection failed | connection error
        connection was refused | connection to * failed | lost connection | dropped connection | no route to host
        network is unreachable | network unreachable | network error | host unreachable | unreachable
        not reachable | could not connect | couldn t connect | cannot connect | can t connect | unable to connect
        failed to connect | error connecting | establish an smtp connection | smtp connection | connect to
        requests to connect | did not respond | not responding | no response | no answer from host
        all relevant mx | name service error | malformed | dns error | dns failure | dns lookup | dns server
        lookup failure | lookup failed | server failure | temporary lookup | temporary dns | resolving
        socket error | handshake | tls | ssl | certificate | loop | too many hops | hop count | routing
        conversation with any hosts | host down | server down
        """,
    ),
    (
        R.SYSTEM,
        """
        system error | internal error | internal server | internal system | server error | service unavailable
        service not available | service currently unavailable | service is unavailable | service temporarily
        temporarily unavailable | temporary failure | temporary local | temporary error | temporary problem
        temporary system | tempfail | temp fail | server busy | too busy | system busy | server is busy
        resources | insufficient system | system storage | no space left | out of disk | disk full | disk space
        not enough disk | file system full | queue file | write error | error writing | error while writing
        lock failure | i o error | input output error | permission denied | can t create | couldn t create
        cannot create | cannot open | cannot append | can t open | command died | command failed | command output
        mailer | maildrop | procmail | pipe to | pipe | exit status | local delivery failed | delivery error
        delivery failed to | local error | local configuration | configuration error | misconfigur
        transaction failed | upstream error | recipient error | ldap | database | load drd | not ready
        shutting down | shutdown
        """,
    ),
    (
        R.PROTOCOL,
        """
        syntax error | syntactically | command not | command parameter | bad sequence | improper sequence
        out of sequence | unrecognized command | command unrecog | not implemented | parameters not
        protocol error | protocol | bad command | invalid command | unknown command | invalid parameter
        invalid header | header | no resent from | mime | encoding | bare lf | bare linefeed | 8bit | smtputf8
        internationalized
        """,
    ),
    (
        R.UNSPECIFIED,
        """
        may not exist | might not exist | may be invalid | might be invalid | may be incorrect | may be misspelled
        may have been misspelled | possibly incorrect | possibly invalid | may no longer
        """,
    ),
)
