"""The words of mail servers that do not speak English. The form is that of ``reason_phrases``; accents are left out."""

from __future__ import annotations

from newsletter.domain.bounce import BounceReason as R
from newsletter.mail.reason_phrases import Phrases

SURE_ELSEWHERE: Phrases = (
    (
        R.MAILBOX_DISABLED,
        """
        konto niedostepne | konto deaktiviert | konto ist gesperrt | postfach gesperrt | postfach ist gesperrt
        postfach ist deaktiviert | compte desactive | compte suspendu | compte inactif
        boite aux lettres desactivee | cuenta desactivada | cuenta suspendida | cuenta inactiva | cuenta bloqueada
        casilla ha expirado | expirado por falta de uso | conta desativada | conta suspensa | conta inativa
        conta bloqueada | casella disabilitata | casella sospesa | utente disabilitato | zablokowan | nieaktywn
        почтовый ящик заблокирован | ящик заблокирован | аккаунт заблокирован | отключен | 停止されて | 利用停止
        停用 | 已停用 | 被禁用 | 冻结 | 계정이 정지 | 휴면
        """,
    ),
    (
        R.MAILBOX_FULL,
        """
        postfach ist voll | postfach voll | postfach * voll | mailbox voll | speicherplatz * uberschritten
        speicherplatz * erschopft | kontingent | zuviele mails | zu viele mails | boite * pleine
        boite aux lettres * pleine | bal pleine | quota depasse | quota * depasse | espace disque * depasse
        buzon lleno | buzon * lleno | buzon esta lleno | casilla * agotado | casilla llena | casilla * llena
        cuota excedida | cuota * excedida | cuota superada | caixa * cheia | caixa postal cheia
        caixa de correio * cheia | cota excedida | espaco * excedido | casella piena | casella * piena
        quota superata | spazio * esaurito | volle mailbox | postvak * vol | mailbox is vol | vol postvak
        inkorgen ar full | brevlada * full | postkassen er full | postkasse * fuld | postilaatikko * taynna
        skrzynka * pelna | skrzynka * przepelniona | przekroczon | przepelnion | schranka * plna | prekrocen
        posta kutusu * dolu | kota * asildi | переполнен | превышен * лимит | превышена квота | квота | ящик полон
        メールボックスがいっぱい | メールボックスが一杯 | メールボックスの容量 | 容量を超え | 容量オーバー
        容量がいっぱい | 受信箱がいっぱい | 邮箱已满 | 邮箱空间不足 | 信箱已滿 | 信箱已满 | 容量已满 | 超过配额
        空间已满 | 空間已滿 | 郵箱已滿 | 邮箱容量 | 配額已滿 | 超出配额 | 超出配額 | 메일함 용량
        postilaatikko on taysi
        postiljon full | innboksen er full | indbakken er fuld | postboks * full | megtelt | kuota penuh | da day
        casuta * plina | γεματο | מלאה | ممتلئ | เต็ม | переповнен | posta kutusu dolu | vaske * puna
        almacenamiento * lleno | excede * cuota | excedeu * cota | cota * excedida | superato * quota
        depasse * quota | quota de stockage | a atteint sa limite | volgelopen | opslaglimiet | 사서함이 가득
        메일함이 가득 | 용량이 초과 | 용량 초과
        """,
    ),
    (
        R.UNKNOWN_DOMAIN,
        """
        domain existiert nicht | domane existiert nicht | domane wurde nicht gefunden | domaine n existe pas
        domaine inexistant | domaine * introuvable | dominio no existe | dominio inexistente | dominio nao existe
        dominio non esiste | domein bestaat niet | domena nie istnieje | домен не существует | домен не найден
        域名不存在 | ドメインが存在しません | ドメインが見つかりません | 도메인을 찾을 수 없
        """,
    ),
    (
        R.UNKNOWN_USER,
        """
        nicht im domino | nicht im * verzeichnis | nicht in * adressbuch | pas repertorie dans | pas dans l annuaire
        no esta * en el directorio | no figura en | non elencat | nao listado | nao consta | staat niet in * directory
        ディレクトリに登録されて | ディレクトリにありません
        unbekannter empfanger | unbekannter benutzer | unbekannte adresse | empfanger unbekannt
        empfanger ist unbekannt | benutzer unbekannt | benutzer nicht gefunden | benutzer existiert nicht
        adresse unbekannt | adresse * existiert nicht | adresse * nicht gefunden | adresse ist ungultig
        adresse ungultig | postfach existiert nicht | postfach nicht gefunden | postfach * nicht gefunden
        postfach * existiert nicht | empfanger * nicht gefunden | empfanger * existiert nicht | kein solcher
        nicht bekannt | existiert nicht | utilisateur inconnu | utilisateur non recense | destinataire inconnu
        adresse inconnue | adresse * n existe pas | adresse * introuvable | adresse * invalide
        boite * n existe pas | boite inexistante | compte inexistant | compte inconnu | n existe pas | introuvable
        n a pas ete trouve | n a pu etre trouve | usuario desconocido | usuario no existe | usuario inexistente
        usuario no encontrado | destinatario desconocido | destinatario no existe | direccion no existe
        direccion * no existe | direccion * no valida | direccion desconocida | cuenta no existe
        cuenta * no existe | buzon no existe | buzon inexistente | casilla inexistente | casilla no existe
        casilla * no existe | no se encontro | no se ha encontrado | no se pudo encontrar | no existe
        usuario desconhecido | usuario nao existe | usuario nao encontrado | usuario invalido
        usuario * inexistente | destinatario desconhecido | destinatario nao existe | destinatario nao encontrado
        destinatario inexistente | endereco nao existe | endereco nao encontrado | endereco * nao encontrado
        endereco invalido | conta nao existe | conta inexistente | conta nao encontrada | caixa postal inexistente
        caixa * inexistente | nao existe | nao foi encontrado | inexistente | utente sconosciuto
        utente inesistente | utente non trovato | destinatario sconosciuto | destinatario inesistente
        indirizzo inesistente | indirizzo non trovato | indirizzo * non trovato | indirizzo sconosciuto
        casella inesistente | casella * inesistente | casella non esiste | non esiste | non e stato trovato
        inesistente | onbekende gebruiker | gebruiker onbekend | ontvanger onbekend | adres onbekend
        onbekend adres | bestaat niet | niet gevonden | okand anvandare | okand mottagare | finns inte
        hittades inte | ukjent bruker | ukendt bruger | ukendt modtager | findes ikke | finnes ikke
        ble ikke funnet | blev ikke fundet | tuntematon kayttaja | tuntematon vastaanottaja | ei loydy
        ei ole olemassa | nieznany uzytkownik | nieznany odbiorca | nie ma takiego | nie istnieje | nie znaleziono
        brak uzytkownika | brak takiego | uzytkownik nieznany | neznamy uzivatel | neexistuje | ne postoji
        ne obstaja | δεν υπαρχει | khong ton tai | tidak ditemukan | tidak ada | nenalezen | nebyl nalezen
        ismeretlen felhasznalo | ismeretlen cimzett | nem letezik | nem talalhato | utilizator necunoscut
        nu exista | kullanici bulunamadi | boyle bir kullanici | adres bulunamadi | bulunamadi | mevcut degil
        нет такого пользователя | такого пользователя нет | пользователь не найден | пользователь не существует
        пользователя не существует | несуществующ | неизвестный пользователь | неизвестный получатель
        адрес не найден | адрес не существует | получатель не найден | адресат не найден | ящик не найден
        ящик не существует | ящика не существует | не существует | не найден | не існує | не знайдено | 宛先不明
        ユーザーが見つかりません | ユーザが見つかりません | ユーザーが存在しません | ユーザは存在しません
        ユーザーは存在しません | アドレスが存在しません | アドレスは存在しません | アドレスが見つかりません
        アドレスが見つからなかった | 宛先のメールアドレスが見つかり | メールアドレスは存在しません
        メールボックスが存在しません | メールボックスが見つかりません | 受信者が見つかりません | 該当する利用者
        存在しない | 存在しません | 見つかりません | 見つかりませんでした | 用户不存在 | 用户未找到 | 邮箱不存在
        信箱不存在 | 收件人不存在 | 帐号不存在 | 账号不存在 | 帐户不存在 | 账户不存在 | 地址不存在 | 无此用户
        没有此用户 | 无效用户 | 找不到 | 不存在 | 查無此人 | 使用者不存在 | 사용자를 찾을 수 없 | 사용자가 없
        존재하지 않는 | 존재하지 않습니다 | 없는 사용자 | 받는 사람을 찾을 수 없 | 수신자를 찾을 수 없
        찾을 수 없 | nao pode ser encontrad | nao foi possivel encontrar | nao conseguimos encontrar
        nie mozna odnalezc | nie udalo sie odnalezc | nie zostal odnaleziony | nepodarilo najit | nepodarilo nalezt
        ei loytynyt | kunne ikke findes | kunde inte hittas | gick inte att hitta | finns ej
        kon niet worden gevonden
        kan niet worden gevonden | konnte nicht gefunden | wurde nicht gefunden | nicht gefunden werden
        wurde unter * nicht gefunden | nicht vorhanden | impossible de trouver | n est pas valide
        no es valida | non e valido | impossibile trovare | nao e valido | no fue encontrad | no ha sido encontrad
        nu a fost gasit | nu a putut fi gasit | nije pronaden | ni bilo mogoce najti | ni najden | neexistujuc
        nenasiel | nerastas | nav atrasts | ei leitud | δεν βρεθηκε | δεν ηταν δυνατη η ευρεση | לא נמצא
        לא נמצאה | غير موجود | لم يتم العثور | ไม่พบ | khong tim thay | tidak dikenal | не знайден | не намерен
        未找到 | 查无此人 | 查無此用戶 | 无法找到 | 用户名不存在 | 收件人不正确 | 收件人邮箱不存在 | 用戶不存在
        郵箱不存在 | 沒有這個 | 宛先が見つかり | 宛先が存在しません | 宛先は存在しません | 없는 계정 | 없는 메일
        """,
    ),
)

BLOCKING_ELSEWHERE: Phrases = (
    (
        R.SPAM_CONTENT,
        """
        スパム | 迷惑メール | 垃圾邮件 | 垃圾郵件 | спам | 스팸 | pourriel
        """,
    ),
    (
        R.BLOCKED,
        """
        拒否 | blockiert | gesperrt | bloque | bloqueado | bloccato | geblokkeerd | заблокирован | 차단
        """,
    ),
    (
        R.TOO_BIG,
        """
        zu gross | trop volumineux | trop grand | demasiado grande | muito grande | troppo grande | te groot
        zbyt duz | слишком большо | превышает * размер | サイズ制限 | サイズを超え | 过大 | 太大 | 超过大小
        크기를 초과
        """,
    ),
    (
        R.RATE_LIMITED,
        """
        zu viele | trop de | demasiados | muitas mensagens | слишком много | 过于频繁 | 频率
        """,
    ),
    (
        R.NETWORK,
        """
        zeituberschreitung | verbindung fehlgeschlagen | nicht erreichbar | connexion refusee | delai d attente
        conexion rechazada | tiempo de espera | conexao recusada | тайм аут | 接続できません | 连接失败 | 连接超时
        """,
    ),
    (
        R.POLICY,
        """
        abgelehnt | verweigert | refuse par | rechazado | rejeitad | rifiutat | geweigerd | odrzucon | отклонен
        отказ | 被拒绝 | 拒绝 | 거부
        """,
    ),
)
