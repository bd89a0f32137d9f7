"""The processes that keep running: work, schedule, serve, and run, which is all three. SIGTERM ends each in order."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from newsletter.cli.output import say

if TYPE_CHECKING:
    import asyncio
    import socket

    import uvicorn
    from litestar import Litestar

    from newsletter.app import App
    from newsletter.domain.letter import Letter
    from newsletter.domain.notice import Notice
    from newsletter.engine.shift import Shift

_NOTICES_EVERY_SECONDS = 2.0
_MAILBOX_EVERY_SECONDS = 60.0
_CLOCK_EVERY_SECONDS = 300.0
_AGAIN_SECONDS = 5.0  # after a listener or a mailbox failed
_REFUSED_SECONDS = 600.0  # at most: who knocks with a wrong password every minute is locked out
_SEAT_SECONDS = 5.0  # how soon to try again where another process delivers
_GRACE_SECONDS = 10  # how long pages that are being answered may take to finish

Host = Annotated[str | None, typer.Option(help="Address to listen on; else [server] host.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port; else [server] port. 0: any free one.")]


def add_commands(app: typer.Typer) -> None:
    for command in (work, schedule, serve, run):
        app.command()(command)


def work(once: Annotated[bool, typer.Option("--once", help="End when nothing is due any more.")] = False) -> None:
    """Deliver what is due: notices, letters, mailboxes; any number of processes on Postgres."""
    from newsletter.app import open_app

    with open_app(log_level=logging.INFO) as app:
        if once:
            _work_once(app)
            return
        shift = _open_shift(app)
        _on_signal(shift.stop)
        say("Delivering what is due, until SIGTERM or Ctrl-C.")
        _work_on(app, shift)


def schedule() -> None:
    """Draft each issue when it is due, and in mode "send" send what is approved by then."""
    import signal

    from newsletter.app import open_app
    from newsletter.schedule import Scheduler

    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before any thread begins, so that only sigwait takes them
    with open_app(log_level=logging.INFO) as app:
        scheduler = Scheduler(app)
        scheduler.start()
        say("Looking every minute for what is due, until SIGTERM or Ctrl-C.")
        signal.sigwait(ends)
        scheduler.stop()


def serve(host: Host = None, port: Port = None) -> None:
    """Serve the readers' pages, and below /desk the editors' desk."""
    from newsletter.app import open_app

    with open_app(log_level=logging.INFO) as app:
        _serve(app, host, port)


def run(host: Host = None, port: Port = None) -> None:
    """Serve, schedule and work in one process."""
    import threading

    from newsletter.app import open_app
    from newsletter.schedule import Scheduler

    with open_app(log_level=logging.INFO) as app:
        scheduler, shift = Scheduler(app), _open_shift(app)
        worker = threading.Thread(target=_keep_working, args=(shift,), name="worker")
        try:
            _serve(app, host, port, beside=(scheduler.start, worker.start))
        finally:
            shift.stop()
            if worker.ident is not None:
                scheduler.stop()
                worker.join()


def _work_once(app: App) -> None:
    from newsletter.engine.embedded import deliver_due
    from newsletter.intake import read_mailboxes

    deliver_waiting_notices(app)
    deliver_due(app.plant())
    read_mailboxes(app)


def deliver_waiting_notices(app: App) -> int:
    """Deliver the notices that are due; return how many were tried. Raises RelayError."""
    import asyncio

    from newsletter.service.deliver_notices import deliver_notices

    write = _notice_writer(app)
    return asyncio.run(
        deliver_notices(database=app.database, clock=app.clock, connect=app.connect, write=write, limits=app.limits)
    )


def _open_shift(app: App) -> Shift:
    import asyncio

    from newsletter.engine.shift import Errand, Shift
    from newsletter.intake import listen_for_bounces, look_into_maildir, watch_imap
    from newsletter.service.deliver_notices import deliver_notices

    write = _notice_writer(app)

    async def notices(is_stopping: Callable[[], bool]) -> None:
        await deliver_notices(
            database=app.database,
            clock=app.clock,
            connect=app.connect,
            write=write,
            limits=app.limits,
            is_stopping=is_stopping,
        )

    async def mailbox(_is_stopping: Callable[[], bool]) -> None:
        await asyncio.to_thread(look_into_maildir, app)

    async def imap(is_stopping: Callable[[], bool]) -> None:
        await asyncio.to_thread(watch_imap, app, is_stopping)

    async def listener(is_stopping: Callable[[], bool]) -> None:
        await listen_for_bounces(app, is_stopping)

    async def clock(_is_stopping: Callable[[], bool]) -> None:
        await asyncio.to_thread(app.set_clock)

    errands = [
        Errand(name="clock", every_seconds=_CLOCK_EVERY_SECONDS, run=clock),
        Errand(name="notices", every_seconds=_NOTICES_EVERY_SECONDS, run=notices),
        Errand(name="mailbox", every_seconds=_MAILBOX_EVERY_SECONDS, run=mailbox),
    ]
    if app.settings.bounces.imap_url:
        errands.append(
            Errand(name="imap", every_seconds=_AGAIN_SECONDS, longest_rest_seconds=_REFUSED_SECONDS, run=imap)
        )
    if app.settings.bounces.listen:
        errands.append(Errand(name="listener", every_seconds=_AGAIN_SECONDS, run=listener))
    return Shift(app.plant(), errands, engine=app.engine)


def _notice_writer(app: App) -> Callable[[Notice], Letter]:
    from newsletter.domain.notice import NoticeKind
    from newsletter.service.forward_reply import write_forwarded_reply
    from newsletter.service.write_notice import write_notice

    signer = app.signer

    def write_signed(notice: Notice) -> Letter:
        letter = write(notice)
        return signer.sign(letter) if signer else letter

    def write(notice: Notice) -> Letter:
        if notice.kind is NoticeKind.FORWARDED_REPLY:
            return write_forwarded_reply(
                notice,
                editors=app.editors_address,
                site_name=app.settings.site.name,
                database=app.database,
                sender=app.sender,
                keys=app.keys,
                theme=app.theme_folder,
                now=app.now(),
            )
        return write_notice(
            notice,
            masthead=app.masthead(),
            sender=app.sender,
            keys=app.keys,
            theme=app.theme_folder,
            now=app.now(),
        )

    return write_signed


def _work_on(app: App, shift: Shift) -> None:
    """Work, and on Postgres begin again whenever it was out of reach: it may have been restarted, or cut off."""
    from newsletter.errors import StoreError
    from newsletter.log import log

    while not shift.is_stopping:
        try:
            shift.run()
        except StoreError as error:
            if app.database.is_sqlite:
                raise
            log.warning("worker ended, another try follows", why=str(error))
            shift.rest(_SEAT_SECONDS)


def _keep_working(shift: Shift) -> None:
    """Work, and begin again after a failure, or when the process that delivered from this database has ended."""
    from newsletter.errors import describe_failure
    from newsletter.log import log

    while not shift.is_stopping:
        try:
            shift.run()
        except Exception as error:  # noqa: BLE001 - the site and the scheduler go on, and so must this
            log.warning("worker ended, another try follows", why=describe_failure(error))
            shift.rest(_SEAT_SECONDS)


def _serve(app: App, host: str | None, port: int | None, *, beside: tuple[Callable[[], None], ...] = ()) -> None:
    """Answer until SIGTERM or SIGINT. What runs ``beside`` is started once the address is ours."""
    import threading

    import uvicorn

    from newsletter.desk.factory import create_desk, prepare_screens
    from newsletter.desk.routes import PREFIX
    from newsletter.site.factory import create_site
    from newsletter.web.front import create_front

    section = app.settings.server
    with _listen(section.host if host is None else host, section.port if port is None else port) as listener:
        site = create_site(
            database=app.database,
            keys=app.keys,
            address_key=app.address_key,
            masthead=app.masthead(),
            limits=app.sign_up_limits,
            now=app.now,
            webhooks=app.webhooks(),
            theme=app.theme,
            languages=app.settings.site.languages,
        )
        desk = create_desk(app)
        server = uvicorn.Server(
            uvicorn.Config(
                create_front(site, under={PREFIX: desk}),
                http=_choose_protocol(),
                access_log=False,  # paths carry tokens, and addresses of readers are nobody's business
                log_config=None,
                lifespan="off",  # neither application has anything to do before the first request
                server_header=False,
                proxy_headers=bool(section.trusted_proxies),
                forwarded_allow_ips=list(section.trusted_proxies),
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        # uvicorn obeys signals while it serves, and raises them once more when it has ended: they have to find us too.
        _on_signal(lambda: _end(server, desk))
        for start in beside:
            start()
        address, number = listener.getsockname()[:2]
        base = f"http://{f'[{address}]' if ':' in address else address}:{number}"
        say(f"The site answers at {base}/")
        say(f"The desk answers at {base}{PREFIX}/")
        # Half a second's work, which neither the first requests nor who waits for these lines should wait for.
        threading.Thread(target=prepare_screens, args=(desk,), daemon=True).start()
        server.run(sockets=[listener])


def _choose_protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    """Return how requests are read: by the parser in C, or by uvicorn's own where Python is one that has none."""
    from importlib.util import find_spec

    if find_spec("httptools") is None:
        return "h11"
    from newsletter.web.protocol import BoundedProtocol

    return BoundedProtocol


def _end(server: uvicorn.Server, desk: Litestar) -> None:
    from newsletter.desk.ending import end_streams

    end_streams(desk)
    server.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    import socket

    from newsletter.errors import ConfigurationError

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]  # Python says the address once more
        raise ConfigurationError(
            f"{host}:{port} cannot be listened on: {why}. Choose others with --host and --port, or under [server]."
        ) from error
    # Connections inherit it. Head and body of an answer are two writes, and without it the second one waits for the
    # client's acknowledgement of the first, which clients put off for 40 ms; asyncio sees to sockets of its own alone.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _on_signal(stop: Callable[[], None]) -> None:
    import signal

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
