"""`driven lsp`: the language server on stdio, TCP or a WebSocket."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def run(args: Any, app: Any) -> NoReturn:
    """Serve until the client ends it. UsageError for an address that is none and for a WebSocket without its
    package."""
    if args.tcp or args.ws:
        _serve_sockets(args)
    from driven_lsp.quick import imports, without_ssl

    sys.setswitchinterval(0.001)  # an answer does not wait long for a look at everything
    with without_ssl():
        from driven_lsp.streams import claim_stdio, run_stdio

        pipes = claim_stdio()  # before anything that may print is imported
        with imports():
            from driven_lsp.server import Server
    run_stdio(lambda: Server().protocol, pipes)


def _serve_sockets(args: Any) -> NoReturn:
    from driven.errors import ProjectError, UsageError
    from driven_lsp.quick import imports
    from driven_lsp.streams import address, run_sockets, serve_tcp, serve_ws

    if args.tcp and args.ws:
        raise UsageError("`--tcp` and `--ws` are two ways to listen", hint="leave one of them out")
    try:
        host, port = address(args.tcp or args.ws)
    except ValueError as error:
        raise UsageError(str(error).rstrip(".")) from None
    with imports():
        from driven_lsp.server import Server
    if host not in ("localhost", "::1") and not host.startswith("127."):
        why = f"`{host}` is reached from other machines, and whoever connects may write in your projects"
        raise UsageError(why, hint="listen on 127.0.0.1, and tunnel to it")
    serve = serve_tcp if args.tcp else serve_ws
    try:
        run_sockets(lambda: serve(lambda: Server().protocol, host, port))
    except ImportError:
        raise UsageError(
            "a WebSocket needs the package `websockets`", hint="`pip install '.[ws]'` in the clone of driven"
        ) from None
    except OSError as error:
        hint = "choose another port; 0 takes any that is free"
        raise ProjectError(f"nothing can listen on {host}:{port}: {error.strerror}", hint=hint) from None
