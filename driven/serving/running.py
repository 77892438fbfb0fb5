"""Running a server: its socket, TLS, signals, and an end in which nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket

from driven.errors import ConfigError, DrivenError, UsageError
from driven.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from driven.serving.site import Site
    from driven.serving.store import Store

INSTALL = "pip install 'driven[serve]'"
GRACE = 5  # seconds that answers may take when the server ends
KEEP_ALIVE = 30  # seconds that a connection may be silent between two requests
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_FILES = 20_000  # that a process may have open, where the system lets it


@frozen
class Settings:
    """How to serve. `port` 0: one that is free; `cert` and `key` are files in PEM, "" for no TLS."""

    host: str
    port: int
    store: str = ""
    nats: str = ""
    nats_login: str = ""
    tokens: str = ""
    signers: str = ""
    cert: str = ""
    key: str = ""
    behind_proxy: bool = False
    clients: int = 2000

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        import ipaddress

        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


def check(settings: Settings) -> None:
    """Refuse what would let strangers in. UsageError, ConfigError, and what the lists of tokens and signers say."""
    if settings.store and settings.nats:
        raise UsageError("`--store` and `--nats` are two places", hint="leave one of them out")
    if settings.nats_login and not settings.nats:
        raise UsageError("`--nats-login` says who this server is at NATS", hint="give --nats URL too")
    if bool(settings.cert) != bool(settings.key):
        raise UsageError("`--cert` and `--key` belong together", hint="give both, or neither")
    if not 0 <= settings.port < 65536:
        raise UsageError(f"{settings.port} is no port", hint="--port 0 takes one that is free")
    if not 1 <= settings.clients <= 100_000:
        raise UsageError("`--clients` is out of range", hint="give 1 to 100,000")
    if not settings.is_loopback:
        if not settings.tokens:
            raise UsageError(
                f"on `{settings.host}` others can reach this server, and nobody is asked who they are",
                hint="give --tokens FILE; `driven token add NAME --tokens FILE` makes one",
            )
        if not settings.cert and not settings.behind_proxy:
            raise UsageError(
                f"on `{settings.host}` tokens would travel in the clear",
                hint="give --cert FILE --key FILE; or --behind-proxy, where a proxy on the way does TLS",
            )
    for path in (settings.cert, settings.key):
        if path and not os.path.isfile(path):
            raise UsageError(f"`{path}` is not there", hint="a certificate and its key, in PEM")


def serve(
    settings: Settings, began: Callable[[str, str, bool], None], tell: Callable[[str], None] | None,
    warn: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve until SIGTERM or Ctrl-C. `began(url, store, reads_only)` is called once requests are taken; `tell` prints a
    line of the log, `warn` one that matters in any case. DrivenError where it cannot begin."""
    check(settings)
    try:
        import httptools  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import zstandard  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"the server needs `{error.name}`, which is not installed", hint=INSTALL) from None
    _quiet()
    _more_files()
    with contextlib.closing(_listen(settings)) as listening:
        _run(settings, listening, began, tell, warn)


def _run(
    settings: Settings, listening: socket.socket, began: Callable[[str, str, bool], None],
    tell: Callable[[str], None] | None, warn: Callable[[str], None],
) -> None:  # fmt: skip
    from driven.serving.site import Site
    from driven.serving.tokens import Tokens

    port = listening.getsockname()[1]
    site = Site(
        _store(settings), tokens=Tokens(settings.tokens) if settings.tokens else None, signers=settings.signers,
        clients=settings.clients, hosts=None if settings.tokens else _names(settings.host, port), tell=tell,
        warn=warn,
    )  # fmt: skip
    if settings.signers:
        from driven.serving.accepting import read_list

        read_list(settings.signers)
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"{'https' if settings.cert else 'http'}://{shown}:{port}"
    loop_factory = _loop()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve(settings, site, listening, lambda: began(url, site.store.where, site.store.reads_only)))


async def _serve(settings: Settings, site: Site, listening: socket.socket, began: Callable[[], None]) -> None:
    import uvicorn

    from driven.serving.routes import application
    from driven.serving.tls import Certificate
    from driven.serving.wire import LimitedProtocol

    failed: list[DrivenError] = []
    start = site.start

    async def starting() -> None:
        try:
            await start()
        except DrivenError as error:  # uvicorn would print a traceback
            failed.append(error)
            raise

    site.start = starting  # type: ignore[method-assign]
    config = uvicorn.Config(
        application(site), http=LimitedProtocol, ws="none", lifespan="on", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_keep_alive=KEEP_ALIVE, timeout_graceful_shutdown=GRACE,
        limit_concurrency=settings.clients + 2000, backlog=4096,
    )  # fmt: skip

    class Server(uvicorn.Server):
        """As uvicorn's; streams end when it ends, and a signal is an end and no death."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Take the signals that end a process."""
            loop = asyncio.get_running_loop()
            taken = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
            for one in taken:
                try:
                    loop.add_signal_handler(one, self._ended)
                except (NotImplementedError, RuntimeError):  # Windows, another thread
                    with contextlib.suppress(ValueError):
                        signal.signal(one, lambda *_: self._ended())
            yield

        def _ended(self) -> None:
            self.force_exit = self.should_exit
            self.should_exit = True

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Begin, and say so."""
            await super().startup(sockets)
            began()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Streams end first: they would go on for ever."""
            site.hub.close()
            await super().shutdown(sockets)

    following = None
    if settings.cert:
        certificate = Certificate(settings.cert, settings.key)
        config.load()
        config.ssl = certificate.context
        following = asyncio.create_task(certificate.follow(site.warn))
    server = Server(config)
    try:
        await server.serve(sockets=[listening])
    except SystemExit:
        if failed:
            raise failed[0] from None
        raise DrivenError("the server could not begin") from None
    finally:
        if following is not None:
            following.cancel()


def _store(settings: Settings) -> Store:
    if settings.nats:
        from driven.serving.nats_store import NatsStore, read_login

        return NatsStore(settings.nats, read_login(settings.nats_login) if settings.nats_login else None)
    from driven.serving.folder import FolderStore

    return FolderStore(settings.store)


def _listen(settings: Settings) -> socket.socket:
    """The socket, bound and listening. UsageError where it cannot be had."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        made = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen(4096)
        except OSError:
            made.close()
            raise
    except OSError as error:
        raise UsageError(
            f"`{settings.host}` port {settings.port} cannot be had: {(error.strerror or str(error)).lower()}",
            hint="is another server running? --port 0 takes one that is free",
        ) from None
    made.setblocking(False)
    return made


def _names(host: str, port: int) -> frozenset[bytes]:
    """How a client of this machine may call the server: a page of the web that leads a name of its own here may not."""
    names = {*(f"[{name}]" if ":" in name else name for name in (*_LOOPBACK, host))}
    return frozenset(f"{name}{end}".lower().encode() for name in names for end in ("", f":{port}"))


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _quiet() -> None:
    """uvicorn tells of every request that is none, and of what we cancel; our own log has what matters."""
    import logging

    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "nats"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False


def _more_files() -> None:
    """Room for the sockets of all clients."""
    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ImportError, OSError, ValueError):
        return
