"""What mail systems and auto-repliers say of a letter's fate, in the form of ``phrases.simplify``.

``FATES`` is asked of subjects and of the text that a mail system wrote; the first fate that is named wins.
"""

from __future__ import annotations

from newsletter.domain.bounce import BounceKind as K

Fates = tuple[tuple[K, str], ...]

STILL_TRYING: Fates = (
    (
        K.DELAYED,
        """
        not yet been delivered | not yet delivered | not yet been able to | has been delayed | is delayed
        delay notification | status notification delay | delivery delay | has been postponed
        will continue to attempt | will continue to try | will be continued | will keep trying
        will keep attempting | will be retried | will try to deliver | will try again for | attempts will continue
        still trying | still attempting | still being retried | still queued | warning message only | warning only
        just a warning | advisory only | do not need to resend | do not have to resend | don t need to resend
        no need to resend | not necessary to resend | no action is required on your part
        message still undelivered | could not be delivered for * hours retry | temporarily undeliverable
        delivery warning | could not send message for past | wird weiterhin | weitere zustellversuche
        noch nicht zugestellt | n a pas encore | aun no se ha entregado | ainda nao | non e stato ancora
        """,
    ),
)

#: Words that mean a delay in a subject that says nothing of failure; in a text they may mean anything.
DELAY_WORDS: Fates = (
    (
        K.DELAYED,
        """
        was delayed | delayed | postponed | retrasada | this is a warning | has been queued | requeued | verzogert
        verzogerung | retarde | retard | retrasado | retraso | atrasada | atraso | in ritardo | ritardo
        vertraagd | vertraging | fordrojd | forsinket | opozni | задержк | задержан | отложен | 遅延 | 遅れて
        延迟 | 延遲 | 지연
        """,
    ),
)

SUCCESS: Fates = (
    (
        K.DELIVERED,
        """
        notification success | status notification success | successful mail delivery | successfully delivered
        successful delivery | delivery successful | delivery receipt | delivered successfully | has been delivered
        have been delivered | was delivered | were delivered | was successfully | zugestellt an
        erfolgreich zugestellt | relayed to | relayed mail | remis a | entregado a | 配信されました
        """,
    ),
)

FAILURE: Fates = (
    (
        K.SOFT,
        """
        undeliver | non deliverable | nondeliver | non deliver | could not be delivered | could not be sent
        couldn t be delivered | couldn t deliver | could not deliver | could not send | couldn t send
        cannot be delivered | cannot deliver | can not be delivered | can t be delivered | can t deliver
        cannot be sent | not delivered | not been delivered | not have been delivered | not be delivered
        not be able to deliver
        was not delivered | wasn t delivered | wasn t able to deliver | was not able to deliver
        were not able to deliver | not able to deliver | unable to deliver | unable to send
        unable to be delivered | delivery failed | delivery failure | delivery has failed | delivery * failed
        delivery * failure | delivery error | delivery problem | delivery status notification | delivery report
        delivery unsuccessful | delivery not possible | delivery to * aborted | delivery notification
        failed to deliver | failed delivery | failed to reach | failure delivery | failure notice
        failure to deliver | failed permanently | permanent failure | permanent error | permanent fatal
        permanently failed | fatal errors | failed addresses | failed recipient | mail failed | mail failure
        mail error | email error | mail delivery | message delivery | message failed | message not accepted
        message not sent | mail not sent | email not sent | returned mail | returned email | returned message
        mail returned | message returned | returned to sender | return to sender | returning message
        returning to sender | returned unread | returned because | did not reach | did not receive
        failure reasons | addresses * have failed | message * has failed | undelivered | no valid recipients
        didn t reach | not reach | has been rejected | was rejected | were rejected | been refused | was refused
        not accepted by | rejected by the recipient | rejected your message | rejected message | message rejected
        mail rejected | had problems | delivery problems | encountered * problem | had trouble delivering
        trouble delivering | error sending your mail | error sending | error while sending
        error occurred while trying to deliver | error in delivering | the following addresses
        the following recipients | the following address | the following recipient | unknown user | user unknown
        no such user | mailbox is full | mailbox full | quota exceeded | over quota | unknown recipient
        considered unsolicited | considered to be unsolicited | was considered spam | invalid final delivery
        transcript of session | smtp server errors | bounced | bounce message
        bounce notification | can not deliver | mail could not | blocked your message | message * blocked
        mail * blocked | message was blocked | quarantined | message infected | nicht zugestellt
        nicht zustellbar | unzustellbar | konnte nicht | konnten nicht | fehlgeschlagen | zustellung * fehl
        n a pas pu | n ont pas pu | n a pu etre | non remis | non distribu | non remise | echec de
        impossible de remettre | impossible de distribuer | n a pas ete remis | pas ete distribu
        no pudo ser entregado | no pudo entregar | no se pudo entregar | no se ha podido entregar
        no se puede entregar | no ha podido ser | no entregado | no entregable | no se entrego | error de entrega
        fallo de entrega | fallo en la entrega | devuelto | nao pode ser enviada | nao pode ser entregue
        nao foi possivel | nao foi entregue | nao entregue | nao pode ser | falha na entrega | falha de entrega
        falha no envio | erro de entrega | devolvida | devolucao | non recapitabile | non e stato possibile
        non puo essere recapitat | mancato recapito | impossibile recapitare | mancata consegna | non consegnat
        onbestelbaar | niet te bezorgen | olevererbart | teslim edilemeyen | nao e possivel entregar
        imposible entregar | δεν ηταν δυνατη | δεν ειναι δυνατη | не удается | nije isporucen | ni bilo mogoce
        kan niet worden | kon niet worden | niet worden bezorgd | niet bezorgd | niet afgeleverd
        kunde inte levereras | kunne ikke leveres | kunne ikke levere | kan ikke leveres | ei voitu toimittaa
        nie moze zostac | nie mogla zostac | nie zostala dostarczona | nie dostarczon | niedoreczon
        nie udalo sie | zwrot | nelze dorucit | nedorucit | nedoruceno | nemohla byt dorucena | kezbesithetetlen
        nem kezbesitheto | iletilemedi | teslim edilemedi | gonderilemedi | не доставлен | недоставлен
        не может быть доставлен | не удалось | невозможно | не было доставлено | 配信できません | 配信不能
        配信でき | 配信エラー | 送信できません | 送信エラー | 届きません | お届けできません | 送達 | 不達 | 戻り
        返送 | 配送できません | エラーメール | 退信 | 无法投递 | 無法投遞 | 无法送达 | 無法傳遞 | 未送达
        投递失败 | 投递出错 | 发送失败 | 發送失敗 | 寄送失敗 | 退回 | 无法发送 | 배달하지 못 | 배달할 수 없
        nie powiodlo sie | nezdarilo | nezdarilo se | nepodarilo | epaonnistui | toimittaminen ei
        ei voida toimittaa
        mislykkedes | mislyktes | misslyckades | gick inte att leverera | det gick inte att | kan ikke leveres
        livrarea * esuat | nu a putut fi livrat | nelivrat | nije uspjela | neuspjela isporuka | ni uspela
        nedorucitel | nepristatyt | nav piegadat | ei onnestunud | basarisiz | teslim edilemiyor | απετυχε
        αποτυχια παραδοσης | לא ניתן למסור | מסירה נכשלה | تعذر تسليم | فشل التسليم | ไม่สามารถส่ง
        khong the gui | gagal dikirim | tidak terkirim | не вдалося | недоставлено | сбой доставки | ошибка доставки
        未能向 | 未传递 | 未傳遞 | 未能送达 | 未能送達 | 未能投递 | 被退回 | 退信原因 | 传递失败 | 傳遞失敗
        배달 실패 | 반송 | 전송 실패 | 전송되지 | 전달되지
        """,
    ),
)

#: What servers write in the form of a receipt when they refuse a letter after all.
REJECTED: Fates = (
    (
        K.SOFT,
        """
        was automatically rejected | been automatically rejected | automatically rejected by | message was refused by
        """,
    ),
)

#: Under a name that is not a mail system's, a failure has to be one of mail: shops, banks and fax services fail too.
MAIL_WORDS: Fates = (
    (
        K.SOFT,
        """
        mail | email | e mail | message | mailbox | inbox | smtp | rcpt | recipient address | nachricht | mitteilung
        mensaje | correo | buzon | mensagem | messaggio | casella | courriel | bericht | meddelande | melding | besked
        viesti | wiadomosc | zprava | sprava | uzenet | mesaj | ileti | posta | сообщени | письм | почт | повідомлен
        лист | μηνυμα | דואר | הודעה | بريد | رسالة | メール | メッセージ | 邮件 | 郵件 | 信件 | 邮箱 | 信箱 | 메일
        메시지 | 편지 | thu dien tu | surat | อีเมล
        """,
    ),
)

#: Subjects of what mail systems write to their own users: nothing has come back.
OWN_AFFAIRS: Fates = (
    (
        K.NOT_BOUNCE,
        """
        quarantine summary | quarantine report | quarantine digest | quarantine notification | spam quarantine
        spam digest | spam summary | almost full | nearly full | quota warning | is getting full
        """,
    ),
)

ADDRESSED_FAILURE: Fates = (
    (
        K.SOFT,
        """
        could not be delivered to @ | could not be delivered to * @ | couldn t be delivered to @
        cannot be delivered to @ | not delivered to @ | not be delivered to @ | unable to deliver * to @
        failed to deliver * to @ | delivery to @ * failed | undeliverable to @
        """,
    ),
)

AUTO_REPLY: Fates = (
    (
        K.AUTO_REPLY,
        """
        out of office | out of the office | away from the office | away from my | away from my mail
        away from email | on vacation | vacation reply | vacation response | vacation message | vacation notice
        maternity leave | am currently out | automatic reply | automatic response | automated reply
        automated response | automatic message reply | automatically generated reply | auto reply | autoreply
        auto response | autoresponse | auto responder | autoresponder | auto answer | auto respond | boxbe
        spamarrest | abwesenheit | abwesend | automatische antwort | automatische antwoord | automatisch antwoord
        reponse automatique | absence du bureau | absent du bureau | message d absence | respuesta automatica
        fuera de la oficina | resposta automatica | fora do escritorio | risposta automatica | fuori ufficio
        autosvar | franvaro | fravaer | automaattinen vastaus | automatyczna odpowiedz | odpowiedz automatyczna
        nieobecnos | automaticka odpoved | automatikus valasz | automatiska atbilde | otomatik yanit | автоответ
        автоматический ответ | нет на месте | 自動応答 | 自動返信 | 自动回复 | 自動回覆 | 自动答复 | 자동 회신
        부재 중 | 부재중 | automatische eingangs | automatische ruckmeldung | automatischer hinweis
        afwezigheids | automatiskt svar | automatisk svar | automatiskt meddelande | fraværende | fraværsmelding
        poissaolo | mimo kancelar | automaticka odpoved | raspuns automat | ofis disinda | автоматична відповідь
        αυτοματη απαντηση | εκτος γραφειου | מענה אוטומטי | תשובה אוטומטית
        رد تلقائي | الرد التلقائي | 不在通知 | 不在のお知らせ | 不在自動 | 自動送信 | 休暇通知 | 外出自動回覆
        자동 응답 | 자동응답 | 자동회신 | samodejni odgovor | automatski odgovor | automatinis atsakymas
        автоматичен отговор | tra loi tu dong | balasan otomatis | ตอบกลับอัตโนมัติ | resposta de ausencia
        mensagem de ausencia | mensaje de ausencia | messaggio di assenza | notifica di assenza
        avis d absence | notification d absence | urlaubsmeldung | abwesenheitsmeldung | eingangsbestatigung
        accuse de reception automatique | acuse de recibo automatico
        """,
    ),
)

#: Words that mean an auto-reply only where the envelope or a field says that a program wrote.
AUTO_REPLY_HINTS: Fates = (
    (
        K.AUTO_REPLY,
        """
        on holiday | on annual leave | on leave | challenge | confirm your message | confirm that you
        verify your email | verification required | please verify | sender verification | approved senders
        guest list | urlaub | ausente | afwezig | poissa | в отпуске | 不在 | away until | currently away
        i am away | i m away | out of town | limited access to | will be returning | on parental leave
        nicht im buro | nicht im hause | nicht erreichbar | dienstreise | ruckkehr | en conge | en vacances
        absent | a mon retour | de vacaciones | de baja | estare fuera | regreso | de ferias | em ferias
        de licenca | in ferie | assente | saro assente | met vakantie | op vakantie | niet aanwezig | pa semester
        tjanstledig | ikke til stede | pa ferie | holder ferie | lomalla | na urlopie | nieobecn | na dovolene
        nejsem pritom | szabadsagon | in concediu | izindeyim | tatildeyim | у відпустці | в командировке
        σε αδεια | בחופשה | إجازة | 休暇 | 休假 | 外出 | 출장 | 휴가
        """,
    ),
)

#: What readers write who want to leave, or ask how to.
LEAVING: Fates = (
    (
        K.NOT_BOUNCE,
        """
        unsubscribe | un subscribe | remove me | remove my | take me off | delete my address | stop sending
        stop these | no longer wish | opt out | opt me out | abmelden | abbestellen | austragen | kundigen
        keine weiteren | desabonn | me desinscrire | desinscri | ne plus recevoir | darme de baja | dar de baja
        dame de baja | cancelar * suscripcion | no deseo recibir | cancelar * inscricao | descadastr
        remover * lista | nao quero * receber | disiscri | cancellami | cancellare * iscrizione
        non desidero * ricevere | uitschrijven | afmelden | avregistrera | avprenumerera | avsluta prenumeration
        afmeld | avmeld | meld meg av | peruuta tilaus | perua tilau | wypisac | wypisz | rezygnuj | odhlasit
        odhlaste | leiratkoz | dezabon | aboneligi iptal | abonelikten | listeden cik | отписать | отпишите
        отписк | 配信停止 | 配信を停止 | 購読解除 | 退订 | 退訂 | 取消订阅 | 取消訂閱 | 수신 거부 | 수신거부 | 구독 취소
        구독취소
        """,
    ),
)

#: Where the text of a report ends and the letter that came back begins. Looked for in simplified lines.
COPY_BEGINS = (
    "original message",
    "original headers",
    "original mail",
    "message header",
    "message headers",
    "mail header",
    "headers follow",
    "header follows",
    "copy of the message",
    "copy of your message",
    "copy of the original",
    "copy of the first",
    "copy of the mail",
    "copy of your mail",
    "this is a copy",
    "here is a copy",
    "below is a copy",
    "unsent message",
    "undelivered message",
    "returned message",
    "message text follows",
    "message follows",
    "message body follows",
    "your message reads",
    "header of the original",
    "headers of the original",
    "header of the message",
    "lines of your",
    "lines of the original",
    "mensaje original",
    "mensagem original",
    "message d origine",
    "message original",
    "messaggio originale",
    "originalnachricht",
    "ursprungliche nachricht",
    "oorspronkelijk bericht",
    "исходное сообщение",
    "копия сообщения",
    "копия письма",
    "元のメッセージ",
    "原信",
    "原邮件",
    "原始邮件",
    "원본 메시지",
    "원본 메일",
    "begin original",
    "start of returned",
    "included message",
    "enclosed message",
)
