"""A small server on the hardened protocol (`--stock`: on pygls as it is), for the tests of what is beneath driven's.

python probe_server.py [--stock] [--tcp PORT | --ws PORT]
"""

# mypy: disable-error-code="untyped-decorator"

import asyncio
import os
import subprocess
import sys
import time
from typing import Any


def make(stock: bool) -> Any:
    from lsprotocol import types as t
    from pygls.lsp.server import LanguageServer

    if stock:
        ls = LanguageServer("probe", "1", max_workers=2)
    else:
        from driven_lsp.protocol import Protocol

        ls = LanguageServer("probe", "1", protocol_cls=Protocol)
    features(ls, t, stock)
    return ls


def features(ls: Any, t: Any, stock: bool) -> None:
    def text(uri: str) -> str | None:
        if stock:
            return str(ls.workspace.get_text_document(uri).source)
        document = ls.protocol.documents.get(uri)
        return None if document is None else document.text.text

    @ls.feature(t.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Any, params: Any) -> None:
        await asyncio.sleep(0)

    @ls.feature(t.TEXT_DOCUMENT_HOVER)
    async def hover(ls: Any, params: Any) -> Any:
        await asyncio.sleep(params.position.line)
        return t.Hover(contents="slept")

    @ls.feature(t.TEXT_DOCUMENT_DEFINITION)
    def definition(ls: Any, params: Any) -> Any:
        outcomes: dict[int, Any] = {
            0: lambda: 1 / 0,
            1: lambda: {"nan": float("nan")},
            2: lambda: object(),
            3: lambda: sys.exit(3),
            4: lambda: t.Location(uri="x", range=None),
            5: lambda: {("a", "b"): 1},
        }
        return outcomes[params.position.line]()

    @ls.feature(t.TEXT_DOCUMENT_REFERENCES)
    async def references(ls: Any, params: Any) -> Any:
        raise SystemExit(4)

    def job(ls: Any, params: Any) -> Any:
        time.sleep(0.3)
        return []

    async def implementation(ls: Any, params: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, job, ls, params)

    ls.feature(t.TEXT_DOCUMENT_IMPLEMENTATION)(ls.thread()(job) if stock else implementation)

    @ls.feature(t.TEXT_DOCUMENT_TYPE_DEFINITION)
    def type_definition(ls: Any, params: Any) -> Any:
        time.sleep(params.position.line)
        return []

    @ls.feature(t.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: Any, params: Any) -> None:
        raise ValueError("the save failed\nin two lines")

    @ls.command("probe.text")
    def probe_text(ls: Any, uri: str) -> Any:
        return {"text": text(uri)}

    @ls.command("probe.state")
    def probe_state(ls: Any) -> Any:
        import gc
        import threading

        gc.collect()
        with open("/proc/self/statm") as file:
            memory = int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
        protocol = ls.protocol
        names = ("_request_futures", "_result_types", "_running", "_notified", "_asked")
        return {
            "kept": sum(len(getattr(protocol, name, ())) for name in names),
            "tokens": len(protocol.progress.tokens),
            "memory": memory,
            "threads": threading.active_count(),
            "cpu": time.process_time(),
        }

    @ls.command("probe.noise")
    def probe_noise(ls: Any) -> Any:
        print("printed to stdout")
        os.write(1, b"written to descriptor 1\n")
        subprocess.run(["echo", "written by a child"], check=True)
        return {"stdin": sys.stdin.read() if sys.stdin else ""}

    @ls.command("probe.ask")
    async def probe_ask(ls: Any, seconds: float) -> Any:
        """Ask the client for its configuration and give up after some seconds."""
        asking = ls.workspace_configuration_async(t.ConfigurationParams(items=[t.ConfigurationItem(section="probe")]))
        try:
            return {"answer": await asyncio.wait_for(asking, seconds)}
        except TimeoutError:
            return {"answer": "none"}

    @ls.command("probe.progress")
    async def probe_progress(ls: Any, token: str) -> Any:
        await ls.work_done_progress.create_async(token)
        ls.work_done_progress.begin(token, t.WorkDoneProgressBegin(title="work"))
        ls.work_done_progress.end(token, t.WorkDoneProgressEnd())
        return len(ls.work_done_progress.tokens)

    @ls.command("probe.flood")
    async def probe_flood(ls: Any, megabytes: int) -> Any:
        for _ in range(megabytes):
            ls.protocol.notify("probe/flood", {"text": "x" * (1 << 20)})
        return "sent"

    @ls.command("probe.now")
    def probe_now(ls: Any) -> Any:
        return "now"

    @ls.command("probe.end_badly")
    def probe_end_badly(ls: Any, seconds: float) -> Any:
        async def on_end(reason: str) -> None:
            await asyncio.sleep(seconds)

        ls.protocol.on_end = on_end
        return None

    @ls.feature("probe/own")
    def own(ls: Any, params: Any) -> Any:
        return params


def main() -> None:
    if "--stock" in sys.argv:
        make(stock=True).start_io()
        return
    from driven_lsp.streams import claim_stdio, run_sockets, run_stdio, serve_tcp, serve_ws

    pipes = claim_stdio()
    from driven_lsp.quick import imports

    with imports():
        import pygls.lsp.server  # noqa: F401

        import driven_lsp.protocol  # noqa: F401

    def peer() -> Any:
        server = make(stock=False)
        protocol = server.protocol

        def on_end(reason: str) -> None:
            print(f"ended: {reason}", file=sys.stderr, flush=True)

        protocol.on_end = on_end
        return protocol

    if "--tcp" in sys.argv or "--ws" in sys.argv:
        serve = serve_tcp if "--tcp" in sys.argv else serve_ws
        run_sockets(lambda: serve(peer, "127.0.0.1", int(sys.argv[-1])))
    run_stdio(peer, pipes)


if __name__ == "__main__":
    main()
