"""JSON-RPC and the life of a session: what stands between the messages of streams.py and the handlers of features.

`Protocol` keeps pygls' features, capabilities, progress and the typed requests to the client. All that comes in goes
another way than in pygls 2.1.1 (spec lsp.md, 1.3): each message is checked, each request is answered exactly once, a
handler that raises costs one answer, a cancelled request is answered at that moment, and nothing of a message is kept
when it is done. Handlers are plain functions, which hold up the loop, or `async def`; what takes long waits for the
threads of root.py. `@server.thread()` of pygls is not known here.

Documents are kept here, in `protocol.documents`, as `texts.Text`, and nowhere else: pygls' workspace is told of folders
only, and its `get_text_document` would read the disk. So a text is in memory once, and its lines end where LSP says.

The names of pygls that this overrides are private in part: `pygls>=2.1.1,<2.2`, and tests/lsp/test_protocol.py holds
every one of the defects against the server and, where that is cheap, against pygls as it is. It has more than
350 lines because the life of one request is easier to check on one page.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable, Generator, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.progress import Progress
from pygls.protocol import LanguageServerProtocol, lsp_method

from driven_lsp.shapes import OptionsCheck, first_params, plain
from driven_lsp.streams import GRACE, Fault, log, watch_process
from driven_lsp.texts import Change, Text

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

T = TypeVar("T")

MOST_ASKED = 1000
"""How many requests to the client may be open; the oldest is given up for the next one."""

logger = logging.getLogger(__name__)


class Refused(JsonRpcException):
    """The request is understood and will not be done; the message is a sentence that says why and what to do."""

    CODE = -32803
    MESSAGE = "The request was refused."


class ContentModified(JsonRpcException):
    """The document is no longer the one that the answer would be about; clients ask again."""

    CODE = -32801
    MESSAGE = "The document has changed."


class Document:
    """An open document. `text` is the version that was last sent; it is replaced, never changed."""

    __slots__ = ("language_id", "text", "uri")

    def __init__(self, uri: str, language_id: str, text: Text) -> None:
        self.uri = uri
        self.language_id = language_id
        self.text = text

    @property
    def version(self) -> int:
        return self.text.version


class Documents:
    """The open documents by URI. Two spellings of a URI (`%3A` or `:`, `C:` or `c:`) are one document; `uri` of a
    document is the one that the client opened it with."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}

    @staticmethod
    def key(uri: str) -> str:
        uri = unquote(uri)
        if uri[:8] == "file:///" and uri[9:10] == ":":
            uri = uri[:8] + uri[8].lower() + uri[9:]
        return uri

    def get(self, uri: str) -> Document | None:
        return self._documents.get(self.key(uri))

    def put(self, document: Document) -> None:
        self._documents[self.key(document.uri)] = document

    def remove(self, uri: str) -> Document | None:
        return self._documents.pop(self.key(uri), None)

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._documents.values()))

    def __len__(self) -> int:
        return len(self._documents)

    def __contains__(self, uri: str) -> bool:
        return self.key(uri) in self._documents


class TidyProgress(Progress):
    """Progress whose tokens go when it ends (pygls #607)."""

    def end(self, token: int | str, value: types.WorkDoneProgressEnd) -> None:
        super().end(token, value)
        self.tokens.pop(token, None)


class _Asked:
    """A request to the client that has no answer yet."""

    __slots__ = ("future", "method")

    def __init__(self, method: str, future: Future[Any]) -> None:
        self.method = method
        self.future = future


class Protocol(LanguageServerProtocol):
    """One client's session. `on_end(reason)` is called (awaited, if it is a coroutine) once when it is over, however
    that came; it has `streams.GRACE` seconds."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.documents = Documents()
        self.encoding = "utf-16"
        self.on_end: Callable[[str], Awaitable[None] | None] | None = None
        self.progress = TidyProgress(self)
        self.fm.converter = OptionsCheck()
        self._phase = "new"  # → starting → running → stopped; any of them → over
        self._running: dict[int | str, asyncio.Task[None]] = {}
        self._notified: set[asyncio.Task[None]] = set()
        self._asked: dict[int | str, _Asked] = {}
        self._number = 0
        self._write: Callable[[bytes], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hurry: Callable[[int], None] | None = None
        self._over: asyncio.Future[int] | None = None
        self._ending = False
        self._ends = [None]
        self._lock = threading.Lock()

    # ---- The transport's side (streams.Peer)

    def connected(
        self,
        write: Callable[[bytes], None],
        loop: asyncio.AbstractEventLoop,
        hurry: Callable[[int], None] | None = None,
    ) -> None:
        self._write = write
        self._loop = loop
        self._hurry = hurry
        self._over = loop.create_future()

    def ended(self) -> Awaitable[int]:
        assert self._over is not None
        return asyncio.shield(self._over)

    def end(self, reason: str, code: int = 0) -> None:
        """End the session; from any thread, and only the first time."""
        if self._loop is None:
            return
        try:
            self._ends.pop()  # no lock: a signal may come while this very thread holds it
        except IndexError:
            return
        self._ending = True
        self._phase = "over"
        if self._hurry is not None:
            self._hurry(code)
        try:
            self._loop.call_soon_threadsafe(self._finish, reason, code)
        except RuntimeError:  # the loop is closed
            return

    def _finish(self, reason: str, code: int) -> None:
        task = asyncio.ensure_future(self._clean_up(reason, code))
        self._notified.add(task)

    async def _clean_up(self, reason: str, code: int) -> None:
        this = asyncio.current_task()
        for task in [*self._running.values(), *self._notified]:
            if task is not this:
                task.cancel()
        for asked in list(self._asked.values()):
            asked.future.cancel()
        try:
            if self.on_end is not None:
                waiting = self.on_end(reason)
                if inspect.isawaitable(waiting):
                    await asyncio.wait_for(waiting, GRACE * 0.8)
        except TimeoutError:
            log("the session was not cleaned up in time")
        except BaseException:
            log("the session was not cleaned up\n" + traceback.format_exc())
        assert self._over is not None
        self._write = None
        if not self._over.done():
            self._over.set_result(code)

    def receive(self, message: Any, cancelled: bool = False) -> None:
        """Handle one message. Never raises, and answers whatever has an id."""
        if self._phase == "over":
            return
        if isinstance(message, Fault):
            self._answer_error(None, JsonRpcException(message.text, message.code))
            return
        number: Any = None
        try:
            if not isinstance(message, dict):
                what = "Batches are no part of LSP" if isinstance(message, list) else "A message is a JSON object"
                raise JsonRpcInvalidRequest(what)
            has_id = "id" in message
            number = message.get("id")
            if isinstance(number, bool) or not isinstance(number, (int, str)):
                number = None
            method = message.get("method")
            if method is None and has_id:
                self._response(number, message)
                return
            if not isinstance(method, str):
                raise JsonRpcInvalidRequest("A message has a `method` that is a string")
            if message.get("jsonrpc", "2.0") != "2.0":
                raise JsonRpcInvalidRequest('A message says `"jsonrpc": "2.0"`')
            if has_id and number is None:
                raise JsonRpcInvalidRequest("The id of a request is a number or a string")
            if has_id:
                self._request(number, method, message.get("params"), cancelled)
            else:
                self._notification(method, message.get("params"))
        except JsonRpcException as error:
            self._answer_error(number, error)
        except Exception as error:
            self._answer_error(number, _internal(error, "a message"))

    # ---- What the client asks

    def _request(self, number: int | str, method: str, params: Any, cancelled: bool) -> None:
        if self._phase == "stopped":
            raise JsonRpcInvalidRequest("The server has been shut down")
        if method == types.INITIALIZE:
            if self._phase != "new":
                raise JsonRpcInvalidRequest("The server has been initialized already")
        elif self._phase in ("new", "starting"):
            raise JsonRpcServerNotInitialized("The server has not been initialized")
        if number in self._running:
            raise JsonRpcInvalidRequest(f"The request {number!r} is still being answered")
        if cancelled and method not in (types.INITIALIZE, types.SHUTDOWN):
            raise JsonRpcRequestCancelled("The request was cancelled")
        handler = self._handler(method)
        if handler is None:
            raise JsonRpcMethodNotFound(f"Method Not Found: {method}")
        arguments = (self._structured(method, params),)
        if method == types.INITIALIZE:
            self._phase = "starting"
        try:
            outcome = self._started(handler, arguments, {}, number)
        except BaseException as error:
            self._done(number, method, error=error)
            return
        if isinstance(outcome, _Later):
            task = asyncio.ensure_future(self._answered(number, method, outcome))
            self._running[number] = task
        else:
            self._done(number, method, outcome)

    async def _answered(self, number: int | str, method: str, later: _Later) -> None:
        """Wait for a request's handler and send what came of it, unless it was answered meanwhile."""
        this = asyncio.current_task()
        result: Any = None
        error: BaseException | None = None
        try:
            result = await later.result()
        except BaseException as raised:
            error = raised
        if self._running.get(number) is this:
            del self._running[number]
            self._done(number, method, result, error)

    def _done(self, number: int | str, method: str, result: Any = None, error: BaseException | None = None) -> None:
        """Answer a request."""
        if error is None:
            try:
                self._send({"jsonrpc": "2.0", "id": number, "result": result})
            except Exception as failed:
                error = failed
        if method == types.INITIALIZE and self._phase == "starting":
            self._phase = "new" if error is not None else "running"
        if error is not None:
            self._answer_error(number, _as_rpc(error, method))

    def _notification(self, method: str, params: Any) -> None:
        if method == types.EXIT:
            self.end("exit", 0 if self._phase == "stopped" else 1)
            return
        if self._phase in ("new", "starting", "stopped"):
            return
        if method == types.CANCEL_REQUEST:
            self._cancel(params.get("id") if isinstance(params, dict) else None)
            return
        handler = self._handler(method)
        if handler is None:
            if not method.startswith("$/"):
                logger.info("Nothing here knows the notification %r", method)
            return
        try:
            outcome = self._started(handler, (self._structured(method, params),), {}, None)
            if isinstance(outcome, _Later):
                task = asyncio.ensure_future(self._noticed(method, outcome))
                self._notified.add(task)
                task.add_done_callback(self._notified.discard)
        except BaseException as error:
            self._complain(method, error)

    async def _noticed(self, method: str, later: _Later) -> None:
        try:
            await later.result()
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            self._complain(method, error)

    def _complain(self, method: str, error: BaseException) -> None:
        """A notification has no answer: the client's log is told instead."""
        known = _as_rpc(error, method)
        text = f"{method}: {known.message}"
        self.notify(types.WINDOW_LOG_MESSAGE, types.LogMessageParams(type=types.MessageType.Error, message=text))

    def _cancel(self, number: Any) -> None:
        """Answer a running request now; whatever its handler still does is for nobody."""
        if isinstance(number, bool) or not isinstance(number, (int, str)):
            return
        task = self._running.pop(number, None)
        if task is not None:
            self._answer_error(number, JsonRpcRequestCancelled("The request was cancelled"))
            task.cancel()

    def _handler(self, method: str) -> Callable[..., Any] | None:
        handler: Callable[..., Any] | None = self.fm.builtin_features.get(method)
        return handler if handler is not None else self.fm.features.get(method)

    def _structured(self, method: str, params: Any) -> Any:
        """The parameters as lsprotocol's type; as they came, for a method that is not the standard's."""
        kind = types.METHOD_TO_TYPES.get(method)
        if kind is None or kind[2] is None:
            return params
        if params is None and method in (types.SHUTDOWN, types.EXIT, types.INITIALIZED):
            return None
        kind_of_params: Any = kind[2]
        try:
            if method == types.INITIALIZE:
                return first_params(self._converter, params)
            return self._converter.structure(params, kind_of_params)
        except Exception as error:
            logger.info("%s", traceback.format_exc())
            raise JsonRpcInvalidParams(f"Invalid parameters of {method}: {_reason(error)}") from None

    def _started(
        self, handler: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], number: int | str | None
    ) -> Any:
        """Begin a handler: its result, or a `_Later` when it needs the loop for it."""
        if asyncio.iscoroutinefunction(handler):
            return _Later(handler(*args, **kwargs))
        if not inspect.isgeneratorfunction(handler):
            result = handler(*args, **kwargs)
            return _Later(result) if inspect.isawaitable(result) else result
        steps = handler(*args, **kwargs)
        try:
            inner, inner_args, inner_kwargs = next(steps)
            while True:
                outcome = self._started(inner, inner_args or (), inner_kwargs or {}, number)
                if isinstance(outcome, _Later):
                    return _Later(self._continued(steps, outcome, number))
                inner, inner_args, inner_kwargs = steps.send(outcome)
        except StopIteration as stop:
            return stop.value

    async def _continued(self, steps: Generator[Any, Any, Any], later: _Later, number: int | str | None) -> Any:
        """The rest of a handler that waits for others, which is how pygls calls ours from its own."""
        try:
            while True:
                inner, args, kwargs = steps.send(await later.result())
                outcome = self._started(inner, args or (), kwargs or {}, number)
                later = outcome if isinstance(outcome, _Later) else _Later(_given(outcome))
        except StopIteration as stop:
            return stop.value
        finally:
            steps.close()

    def background(self, awaitable: Awaitable[Any], name: str) -> None:
        """Let something go on by itself; it is cancelled when the session ends, and its error goes to the logs."""
        task = asyncio.ensure_future(self._noticed(name, _Later(awaitable)))
        self._notified.add(task)
        task.add_done_callback(self._notified.discard)

    # ---- What is sent

    def _send(self, message: dict[str, Any]) -> None:
        """Send a message; what JSON or lsprotocol cannot say raises, and nothing is sent."""
        data = json.dumps(message, default=plain, allow_nan=False, separators=(",", ":")).encode("ascii")
        write = self._write
        if write is not None:
            write(data)

    def _answer_error(self, number: int | str | None, error: JsonRpcException) -> None:
        answer: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.data is not None:
            answer["data"] = error.data
        try:
            self._send({"jsonrpc": "2.0", "id": number, "error": answer})
        except Exception:  # its data cannot be said
            del answer["data"]
            self._send({"jsonrpc": "2.0", "id": number, "error": answer})

    def notify(self, method: str, params: Any | None = None) -> None:
        """Send a notification, from any thread. What cannot be said is logged."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        try:
            self._send(message)
        except Exception:
            log(f"{method} could not be sent\n" + traceback.format_exc())

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: int | str | None = None,
    ) -> Future[Any]:
        """Ask the client, from any thread. The future is cancelled when the session ends without an answer."""
        future: Future[Any] = Future()
        with self._lock:
            if msg_id is None:
                self._number += 1
                msg_id = f"d{self._number}"
            number = msg_id
            self._asked[number] = _Asked(method, future)
            oldest = next(iter(self._asked)) if len(self._asked) > MOST_ASKED else None
        if oldest is not None and (given_up := self._asked.pop(oldest, None)) is not None:
            given_up.future.cancel()

        def settled(settled: Future[Any]) -> None:
            self._asked.pop(number, None)  # it may have been cancelled
            if callback is not None and not settled.cancelled() and settled.exception() is None:
                callback(settled.result())

        future.add_done_callback(settled)
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            message["params"] = params
        if self._ending:
            future.cancel()
            return future
        try:
            self._send(message)
        except Exception as error:
            future.set_exception(_internal(error, method))
        return future

    def _response(self, number: int | str | None, message: dict[str, Any]) -> None:
        """Take the client's answer to one of our requests. One that comes too late is dropped (pygls #621)."""
        asked = None if number is None else self._asked.pop(number, None)
        if asked is None:
            if "result" not in message and "error" not in message:
                raise JsonRpcInvalidRequest("A message has a `method`")
            return
        future = asked.future
        if not future.set_running_or_notify_cancel():
            return
        error = message.get("error")
        if error is not None:
            future.set_exception(_told(error))
            return
        result = message.get("result")
        kind = types.METHOD_TO_TYPES.get(asked.method)
        if result is not None and kind is not None and kind[1] is not None:
            try:
                whole = {"jsonrpc": "2.0", "id": number, "result": result}
                result = self._converter.structure(whole, kind[1]).result
            except Exception as failed:
                future.set_exception(
                    JsonRpcInternalError(f"The client's answer to {asked.method} is wrong: {_reason(failed)}")
                )
                return
        future.set_result(result)

    # ---- pygls' own ways in and out, led into ours

    def handle_message(self, message: Any) -> None:
        self.receive(message)

    def structure_message(self, data: Any) -> Any:
        return data

    def _send_data(self, data: Any) -> None:
        self._send(data)

    def _serialize_message(self, data: Any) -> Any:
        return plain(data)

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        """As in pygls, whose cache would keep every session for ever."""
        kind = types.METHOD_TO_TYPES.get(method)
        return kind[0] if kind else None

    def get_result_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        kind = types.METHOD_TO_TYPES.get(method)
        return kind[1] if kind else None

    # ---- The standard's own messages

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        result = yield from super().lsp_initialize(params)
        encoding = self.workspace.position_encoding or "utf-16"
        self.encoding = str(getattr(encoding, "value", encoding))
        pid = params.process_id
        if isinstance(pid, int) and not watch_process(pid, lambda: self.end("the client is gone")):
            log(f"process {pid}, which the client says it is, is not there; it is not watched")
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        """The user's handler first; then what is still running is cancelled and answered (pygls #606)."""
        self._phase = "stopped"
        if (handler := self.fm.features.get(types.SHUTDOWN)) is not None:
            yield handler, args, None
        this = asyncio.current_task()
        for number, task in list(self._running.items()):
            if task is not this:
                self._cancel(number)
        self._shutdown = True

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Generator[Any, Any, None]:
        item = params.text_document
        self.documents.put(Document(item.uri, str(item.language_id), Text(item.text, item.version)))
        yield from self._then(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        item = params.text_document
        document = self.documents.get(item.uri)
        changes = [_change(change) for change in params.content_changes]
        if document is None:
            if not changes or changes[0][0] is not None:
                log(f"an edit of {item.uri}, which is not open, was passed over")
                return
            document = Document(item.uri, "", Text("", item.version))
            self.documents.put(document)
        document.text = document.text.apply(changes, self.encoding, item.version)
        yield from self._then(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Generator[Any, Any, None]:
        self.documents.remove(params.text_document.uri)
        yield from self._then(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def _then(self, method: str, params: Any) -> Generator[Any, Any, None]:
        if (handler := self.fm.features.get(method)) is not None:
            yield handler, (params,), None

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Generator[Any, Any, Any]:
        """A command's handler gets the arguments as they came: JSON values."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"There is no command `{params.command}`")
        arguments = tuple(params.arguments or ())
        original = getattr(handler, "func", None)
        try:
            if original is None:
                inspect.signature(handler).bind(*arguments)
            else:
                inspect.signature(original).bind(None, *arguments)
        except TypeError as error:
            raise JsonRpcInvalidParams(f"`{params.command}`: {error}") from None
        result = yield handler, arguments, None
        return result

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> Generator[Any, Any, None]:
        if (token := self.progress.tokens.get(params.token)) is not None:
            token.cancel()
        yield from self._then(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, params)


class _Later:
    """A result that the loop must be asked for. What is never asked for is closed without a warning."""

    __slots__ = ("_awaitable",)

    def __init__(self, awaitable: Awaitable[Any]) -> None:
        self._awaitable = awaitable

    async def result(self) -> Any:
        return await self._awaitable


async def _given(value: T) -> T:
    return value


def _change(change: Any) -> Change:
    where = getattr(change, "range", None)
    if where is None:
        return None, change.text
    start, end = where.start, where.end
    return (start.line, start.character, end.line, end.character), change.text


def _reason(error: BaseException) -> str:
    """What an error says, in one line."""
    inner = getattr(error, "exceptions", None)
    while inner:  # cattrs wraps what went wrong in what it was part of
        error = inner[0]
        inner = getattr(error, "exceptions", None)
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


def _internal(error: BaseException, where: str) -> JsonRpcInternalError:
    """Our own mistake: one line for the client, the whole story for the log."""
    log(f"{where}: " + "".join(traceback.format_exception(error)).rstrip())
    return JsonRpcInternalError(_reason(error))


def _as_rpc(error: BaseException, method: str) -> JsonRpcException:
    if isinstance(error, JsonRpcException):
        return error
    if isinstance(error, asyncio.CancelledError):
        return JsonRpcRequestCancelled("The request was cancelled")
    return _internal(error, method)


def _told(error: Any) -> JsonRpcException:
    """The client's error as an exception, whatever shape it has."""
    if not isinstance(error, dict):
        return JsonRpcException(str(error)[:300] or "The client refused")
    code = error.get("code")
    message = error.get("message")
    return JsonRpcException(
        message if isinstance(message, str) else "The client refused",
        code if isinstance(code, int) else None,
        error.get("data"),
    )
