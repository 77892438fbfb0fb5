"""Ring W: a WebAssembly component, which has what `plugin.wit` names and of its surroundings nothing.

A fresh instance for every call; fuel for processor time, a limit of memory, an epoch for the clock. wasmtime's own
rooms (files, sockets, environment) are linked, because Python in a component wants them, and are empty.
What was compiled is native code: it is kept in a folder of ours, by the SHA-256 of what it was made from and wasmtime's
version, and taken from nowhere else. wasmtime 50: https://docs.wasmtime.dev/api/wasmtime/, verified 2026-11-22.
"""

from __future__ import annotations

import os

from driven.errors import DrivenError, PluginError, SandboxError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from driven.trust.capability import CapabilityManifest
    from driven.trust.rings.broker import Broker
    from driven.trust.rings.limits import Limits
    from driven.trust.rings.sandbox import Result

FUEL = 1_000_000_000  # units for a second of processor time: about as many instructions
_FOREVER = 2**63 - 1
_TICK = 0.01  # seconds between two epochs
_IDLE = 100  # epochs without a call, after which there are no more
_HOST = "driven:plugin/host@1.0.0"
MOST = 256 << 20  # bytes of a component
_LOG = 64 << 10
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


class _Engine:
    """wasmtime's compiler, and the components that are loaded; one for a process."""

    def __init__(self) -> None:
        import threading

        import wasmtime

        config = wasmtime.Config()
        config.consume_fuel = True
        config.epoch_interruption = True
        self.engine = wasmtime.Engine(config)
        self.loaded: dict[tuple[int, ...], Any] = {}
        self.guard = threading.Lock()
        self._users = 0
        self._ticks = False

    def __enter__(self) -> _Engine:
        """While a call lasts, epochs go by: one thread for all calls, which stays a while for the next one."""
        import threading

        with self.guard:
            self._users += 1
            if not self._ticks:
                self._ticks = True
                threading.Thread(target=self._tick, name="driven-epochs", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self.guard:
            self._users -= 1

    def _tick(self) -> None:
        import time

        idle = 0
        while True:
            time.sleep(_TICK)
            self.engine.increment_epoch()
            with self.guard:
                idle = 0 if self._users else idle + 1
                if idle > _IDLE:
                    self._ticks = False
                    return


_engine: list[_Engine] = []


def engine() -> _Engine:
    """The one of this process."""
    if not _engine:
        _engine.append(_Engine())
    return _engine[0]


def load(path: str, cache: str | None) -> Any:
    """The component at `path`, compiled; from memory, from our folder, or now (seconds). SandboxError, PluginError."""
    from hashlib import sha256

    one = engine()
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            with one.guard:
                if stamp in one.loaded:
                    return one.loaded[stamp]
            if found.st_size > MOST:
                raise PluginError(f"{path}: a component of more than {MOST >> 20} MiB")
            data = file.read(MOST + 1)
    except OSError as error:
        raise PluginError(f"{path} cannot be read: {error.strerror}") from None
    made = _compiled(path, data, sha256(data).hexdigest(), cache)
    with one.guard:
        one.loaded[stamp] = made
    return made


def _compiled(path: str, data: bytes, digest: str, cache: str | None) -> Any:
    from importlib.metadata import version

    import wasmtime
    from wasmtime.component import Component

    from driven.trust.rings.probe import cache_folder
    from driven.trust.rings.syscalls import machine

    folder = cache_folder(cache)
    kept = os.path.join(folder, f"{digest}-{version('wasmtime')}-{machine()}.cwasm") if folder else ""
    native = _ours(kept)
    if native:
        try:
            return Component.deserialize(engine().engine, native)
        except wasmtime.WasmtimeError:
            native = b""  # of another processor, or cut: it is made anew
    try:
        made = Component(engine().engine, data)
    except wasmtime.WasmtimeError as error:
        raise PluginError(
            f"{path} is no component of WebAssembly: {_first(error)}", hint="docs/trust.md says how one is made"
        ) from None
    if kept:
        _keep(kept, bytes(made.serialize()))
    return made


def _ours(path: str) -> bytes:
    """What stands at a path of our folder, where nobody else can have written it; b"" otherwise."""
    import stat

    from driven.trust.rings.probe import me

    if not path:
        return b""
    try:
        place = os.open(path, os.O_RDONLY | _NOFOLLOW)
    except OSError:
        return b""
    with open(place, "rb") as file:
        found = os.fstat(place)
        mine = stat.S_ISREG(found.st_mode) and found.st_uid == me() and not found.st_mode & 0o022
        return file.read() if mine and found.st_nlink == 1 else b""


def _keep(path: str, data: bytes) -> None:
    temp = f"{path}.{os.getpid()}"
    try:
        place = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, 0o600)
        with open(place, "wb") as file:
            file.write(data)
        os.replace(temp, path)
    except OSError:
        return  # the next process compiles it again


def call(
    manifest: CapabilityManifest, path: str, method: str, params: Any, broker: Broker, *, cache: str | None, wall: float
) -> Result:
    """Call a function of a component: `transform` of a text, any other by the world's `call`. As `Sandbox.run`."""
    import time

    from driven.frozen import replace
    from driven.trust.rings import limits as limits_of
    from driven.trust.rings.sandbox import Result, Violation

    component = load(path, cache)
    chosen = limits_of.of(manifest)
    chosen = replace(chosen, wall=wall) if wall else chosen
    guest = _Guest(component, manifest, chosen, broker)
    begun = time.monotonic()
    with engine():
        value = guest.call(method, params)
    return Result(
        value=value, ring="W", log=guest.log, calls=broker.calls, seconds=time.monotonic() - begun,
        cpu=guest.burnt / FUEL,
        violations=tuple(Violation(tried=one, lacks=lacks) for one, lacks in broker.refusals[:64]),
    )  # fmt: skip


class _Guest:
    """One instance, for one call."""

    def __init__(self, component: Any, manifest: CapabilityManifest, limits: Limits, broker: Broker) -> None:
        import wasmtime
        from wasmtime.component import Linker

        self._broker = broker
        self._limits = limits
        self._said = bytearray()
        self._size = 0
        self._spent: DrivenError | None = None
        self._fuel = limits.cpu * FUEL if limits.cpu else _FOREVER
        self.store = wasmtime.Store(engine().engine)
        self.store.set_fuel(self._fuel)
        self.store.set_limits(memory_size=limits.memory or -1)
        self.store.set_epoch_deadline(int(limits.wall / _TICK) + 1 if limits.wall else _FOREVER // 2)
        wasi = wasmtime.WasiConfig()
        names = manifest.scopes.get("EnvAccess", ())
        wasi.env = [(name, os.environ[name]) for name in names if name in os.environ]
        wasi.stdout_custom = wasi.stderr_custom = self._printed
        self.store.set_wasi(wasi)
        linker = Linker(engine().engine)
        linker.add_wasip2()
        with linker.root() as root, root.add_instance(_HOST) as host:
            for name, function in self._host().items():
                host.add_func(name, function)
        try:
            self._instance = linker.instantiate(self.store, component)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise self._stopped("start", error) from None

    @property
    def log(self) -> str:
        """What it printed and logged, cut."""
        return self._said.decode(errors="replace")

    @property
    def burnt(self) -> int:
        """Units of fuel that it used."""
        return int(self._fuel - self.store.get_fuel())

    def _printed(self, data: bytes) -> int:
        self._size += len(data)
        self._said += data[: max(0, _LOG - len(self._said))]
        return len(data) if not self._limits.output or self._size <= self._limits.output else -1

    def _host(self) -> dict[str, Callable[..., Any]]:
        import json

        def log(_: Any, text: str) -> None:
            self._printed((text + "\n").encode(errors="replace"))

        def fetch(_: Any, url: str, method: str, headers: list[Any], body: str | None) -> Any:
            names = dict(tuple(one) if isinstance(one, list | tuple) else (one[0], one[1]) for one in headers)
            return self._ask("fetch", json.dumps, url=url, method=method, headers=names, body=body)

        return {
            "log": log,
            "read": lambda _, path: self._ask("read", str, path=path),
            # Of a result that has nothing or a text wasmtime takes either as it is, without a word which of them it is.
            "write": lambda _, path, text: self._ask("write", lambda none: None, path=path, text=text).payload,
            "fetch": fetch,
            "spawn": lambda _, argv, input: self._ask("spawn", json.dumps, argv=list(argv), input=input),
            "sign": lambda _, key, data: self._ask("sign", str, key=key, data=data),
        }

    def _ask(self, question: str, shape: Callable[[Any], Any], /, **params: Any) -> Any:
        """What the host answers, as a `result`: nothing that goes wrong here may pass through the component."""
        from wasmtime.component import Variant

        try:
            return Variant("ok", shape(self._broker.call(question, params)))
        except DrivenError as error:
            return Variant("err", error.message)
        except (OSError, ValueError) as error:
            return Variant("err", str(error))

    def call(self, method: str, params: Any) -> Any:
        """Its answer. PluginError for one of its own failures, SandboxError where it was stopped."""
        import json

        import wasmtime

        from driven.trust.rings.sandbox import plain

        text = params[0] if isinstance(params, list) and len(params) == 1 and isinstance(params[0], str) else None
        whole = self._instance.get_func(self.store, "transform") if method == "transform" and text is not None else None
        function = whole or self._instance.get_func(self.store, "call")
        if function is None:
            raise PluginError(
                f"the component has no `{method}`: it exports neither `transform`, of one text, nor `call`",
                hint="its world is one of those in plugin.wit",
            )
        try:
            answer = function(self.store, text) if whole else function(self.store, method, json.dumps(params))
        except (wasmtime.WasmtimeError, wasmtime.Trap, wasmtime.ExitTrap) as error:
            raise self._stopped(method, error) from None
        except (TypeError, UnicodeError, ValueError) as error:
            raise PluginError(f"`{method}` is not of the form that plugin.wit gives it: {_first(error)}") from None
        tag, payload = getattr(answer, "tag", ""), getattr(answer, "payload", None)
        if tag not in ("ok", "err") or not isinstance(payload, str):
            raise PluginError(f"`{method}` is not of the form that plugin.wit gives it")
        if self._limits.output and len(payload) > self._limits.output:
            raise SandboxError(f"the plugin said more than it may in `{method}`")
        if tag == "err":
            raise PluginError(f"`{method}` failed: {_first(payload)}")
        if whole:
            return payload
        try:
            return plain(payload)
        except (ValueError, RecursionError):
            raise PluginError(f"`{method}` answered with what is no JSON") from None

    def _stopped(self, method: str, error: Exception) -> DrivenError:
        import wasmtime

        code = getattr(error, "trap_code", None) if isinstance(error, wasmtime.Trap) else None
        text = str(error)
        if code == wasmtime.TrapCode.OUT_OF_FUEL or "all fuel consumed" in text:
            return SandboxError(f"the plugin used up its processor time in `{method}`",
                                hint="a larger `quota` in its manifest gives it more")  # fmt: skip
        if code == wasmtime.TrapCode.INTERRUPT or "wasm trap: interrupt" in text:
            return SandboxError(f"the plugin ran out of time in `{method}`",
                                hint="a larger `band` in its manifest gives it more")  # fmt: skip
        said = [line for line in self.log.splitlines() if line.strip() and not line.startswith("note: ")]
        last = said[-1] if said else next((line for line in text.splitlines() if "wasm trap: " in line), "")
        return PluginError(
            f"`{method}` failed: {_first(last or text)}", hint="its memory may have been too little: `quota`"
        )


def _first(text: object) -> str:
    """The first line of a text, as it can be printed."""
    from driven.trust.rings.sandbox import shown

    return shown(str(text).strip().partition("\n")[0])
