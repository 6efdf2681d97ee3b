"""Large work: one function over thousands of tasks, in this process, in several, or on a cluster, with the same numbers.

A task is a plain value that holds all its function needs, its seed included, so it does not matter who works on it, when or
after what. Tasks travel in chunks. With a folder, finished chunks are kept, and a run that was stopped goes on from there.
"""

from __future__ import annotations

import hashlib
import math
import multiprocessing
import os
import pickle
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

Function = Callable[[Any], Any]
Progress = Callable[[int, int], None]

CHUNKS = 64  # of a sweep, where nothing else is asked: enough to share out evenly, few enough to keep
MOST_WORKERS = 1024
FORMAT = b"pistor sweep 1\n"
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
ANSWER_S = 30  # a cluster that has not answered by then is not there


@dataclass(frozen=True, slots=True)
class Failure:
    """The number of a task that gave no result, and why; ``trace`` is for who mends it. The task itself is not kept: it may be large."""

    index: int
    error: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Results in the order of the tasks, ``None`` where a task failed or was not reached, and which tasks failed."""

    results: list[Any]
    failures: tuple[Failure, ...]
    cancelled: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    result: Any = None
    error: str = ""
    trace: str = ""


def sweep(
    function: Function,
    tasks: Sequence[Any],
    *,
    workers: int = 1,
    executor: Executor | None = None,
    folder: Path | str | None = None,
    version: str = "",
    chunk: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Sweep:
    """``function(task)`` for every task: here, in ``workers`` processes of this machine, or wherever ``executor`` works.

    ``function`` is one that a module defines by name. ``folder`` keeps finished chunks under a digest of the function's name, ``version`` (of whatever else
    the results hang on, such as the knowledge) and the tasks; what another version left, or what is damaged, is worked out
    anew. ``progress(done, total)`` and ``cancelled()`` are called here, after every chunk. A task that raises is a
    `Failure` and stops no other; so is one that ends its worker.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise ValueError(f"workers is {workers}; give from 1 to {MOST_WORKERS}.")
    size = math.ceil(len(tasks) / CHUNKS) if chunk is None else chunk
    if size < 1 and tasks:
        raise ValueError(f"chunk is {size}; give at least 1 task.")
    run = _Run(function, tasks, size or 1, _Kept(Path(folder), function, version) if folder is not None else None, progress, cancelled)
    run.recall()
    if executor is not None:
        run.fail(run.on(executor))
    elif workers > 1:
        run.in_processes(workers)
    else:
        run.here()
    return run.ended()


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The workers of a dask scheduler, for example ``tcp://192.0.2.1:8786``, as an executor for `sweep`."""
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("A cluster needs the extra packages of Pistor. Install them with: pip install 'pistor[cluster]'") from None
    try:
        client = Client(address, timeout=ANSWER_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ValueError(f"scheduler is {address!r}, and nothing answers there ({error}). Start one with: dask scheduler") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=ANSWER_S)
        except TimeoutError:
            raise ValueError(f"scheduler is {address!r}, and it has no workers. Start some with: dask worker {address}") from None
        yield client.get_executor(pure=False)  # type: ignore[no-untyped-call]


class _Run:
    """One sweep while it lasts."""

    def __init__(
        self, function: Function, tasks: Sequence[Any], size: int, kept: _Kept | None, progress: Progress | None, cancelled: Callable[[], bool] | None
    ) -> None:
        self.function, self.tasks, self.kept, self.progress = function, tasks, kept, progress
        self.wanted_no_more = cancelled or (lambda: False)
        self.chunks = [range(start, min(start + size, len(tasks))) for start in range(0, len(tasks), size)]
        self.outcomes: dict[int, _Outcome] = {}
        self.stopped = False

    def recall(self) -> None:
        """What an earlier run left."""
        if self.kept is None:
            return
        for chunk in self.chunks:
            found = self.kept.read(self._of(chunk))
            if found is not None:
                self._take(chunk, [_Outcome(result) for result in found])

    def here(self) -> None:
        for chunk in self._open():
            if self._stop():
                return
            self._finish(chunk, _work(self.function, self._of(chunk)))

    def in_processes(self, workers: int) -> None:
        """In processes that start afresh and use one thread each. A worker that ends takes the whole pool with it, so what
        was then on its way goes through a pool of one, task by task, until the task is found that ends it."""
        with _processes(workers) as pool:
            broken = self.on(pool)
        alone = [range(index, index + 1) for chunk in broken for index in chunk]
        while alone and not self._stop():
            with _processes(1) as pool:
                alone = self._one_by_one(pool, alone)

    def _one_by_one(self, pool: Executor, chunks: list[range]) -> list[range]:
        """The chunks that are left after one of them has ended the pool."""
        for done, chunk in enumerate(chunks):
            if self._stop():
                return []
            try:
                self._finish(chunk, pool.submit(_work, self.function, self._of(chunk)).result())
            except BrokenExecutor as error:
                self._finish(chunk, _ended(error, chunk))
                return chunks[done + 1 :]
        return []

    def on(self, executor: Executor) -> list[range]:
        """Sends every open chunk, and takes what comes back. Gives the chunks that a process pool lost when it broke."""
        sent: dict[Future[list[_Outcome]], range] = {}
        broken: list[range] = []
        try:
            for chunk in self._open():
                try:
                    sent[executor.submit(_work, self.function, self._of(chunk))] = chunk
                except BrokenExecutor:
                    broken.append(chunk)
            while sent and not self._stop():
                for future in wait(sent, return_when=FIRST_COMPLETED).done:
                    chunk = sent.pop(future)
                    try:
                        self._finish(chunk, future.result())
                    except BrokenExecutor:
                        broken.append(chunk)
                    except Exception as error:
                        self._finish(chunk, _ended(error, chunk))
        finally:
            for future in sent:
                future.cancel()
        return broken

    def fail(self, chunks: list[range]) -> None:
        """Chunks whose workers are gone, and that nobody here may start again."""
        for chunk in chunks:
            self._finish(chunk, _ended(BrokenExecutor("the executor is broken"), chunk))

    def ended(self) -> Sweep:
        failures = tuple(
            Failure(index, outcome.error, outcome.trace) for index, outcome in sorted(self.outcomes.items()) if outcome.error
        )
        results = [self.outcomes[index].result if index in self.outcomes else None for index in range(len(self.tasks))]
        return Sweep(results, failures, self.stopped)

    def _open(self) -> list[range]:
        return [chunk for chunk in self.chunks if chunk.start not in self.outcomes]

    def _stop(self) -> bool:
        self.stopped = self.stopped or (len(self.outcomes) < len(self.tasks) and self.wanted_no_more())
        return self.stopped

    def _of(self, chunk: range) -> list[Any]:
        return [self.tasks[index] for index in chunk]

    def _finish(self, chunk: range, outcomes: list[_Outcome]) -> None:
        if self.kept is not None and not any(outcome.error for outcome in outcomes):
            self.kept.write(self._of(chunk), [outcome.result for outcome in outcomes])
        self._take(chunk, outcomes)

    def _take(self, chunk: range, outcomes: list[_Outcome]) -> None:
        self.outcomes.update(zip(chunk, outcomes, strict=True))
        if self.progress is not None:
            self.progress(len(self.outcomes), len(self.tasks))


def _work(function: Function, tasks: list[Any]) -> list[_Outcome]:
    """A chunk, wherever this runs."""
    return [_outcome(function, task) for task in tasks]


def _outcome(function: Function, task: Any) -> _Outcome:
    try:
        return _Outcome(function(task))
    except Exception as error:
        return _Outcome(error=f"{type(error).__name__}: {error}", trace=traceback.format_exc())


def _ended(error: Exception, chunk: range) -> list[_Outcome]:
    return [_Outcome(error=f"The worker ended: {type(error).__name__}: {error}")] * len(chunk)


@contextmanager
def _processes(workers: int) -> Iterator[Executor]:
    """A pool whose processes read, before NumPy starts, that they are to use one thread: more would only fight for the cores."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Kept:
    """Finished chunks in a folder, one file each: a line, the digest of the rest, the pickled results.

    Pickles run code when they are read, so the folder has to be one's own.
    """

    def __init__(self, folder: Path, function: Function, version: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.about = (f"{function.__module__}:{function.__qualname__}", version)

    def read(self, tasks: list[Any]) -> list[Any] | None:
        """The results, or ``None`` where there are none or the file is not what was written."""
        try:
            found = self._path(tasks).read_bytes()
        except OSError:
            return None
        head = len(FORMAT) + hashlib.sha256().digest_size
        if not found.startswith(FORMAT) or hashlib.sha256(found[head:]).digest() != found[len(FORMAT) : head]:
            return None
        try:
            results: list[Any] = pickle.loads(found[head:])  # noqa: S301 - one's own folder, and the digest holds
        except Exception:  # what it holds is no longer defined as it was
            return None
        return results

    def write(self, tasks: list[Any], results: list[Any]) -> None:
        """Whole or not at all."""
        content = pickle.dumps(results, protocol=5)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".unfinished-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(FORMAT + hashlib.sha256(content).digest() + content)
            os.replace(name, self._path(tasks))
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise

    def _path(self, tasks: list[Any]) -> Path:
        return self.folder / f"{digest((*self.about, tasks))}.chunk"


def digest(value: Any) -> str:
    """What a plain value is known by: equal values have equal digests, in every process and on every machine."""
    sha = hashlib.sha256()
    for part in _parts(value):
        sha.update(len(part).to_bytes(8, "little") + part)
    return sha.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    """The bytes of a value; those of what it holds after its kind and size, so that no two values run into each other."""
    kind = type(value).__name__.encode()
    if value is None or isinstance(value, bool | int | float | str | bytes | Enum):
        yield kind
        yield value if isinstance(value, bytes) else repr(value).encode()
    elif isinstance(value, np.ndarray | np.generic) and not np.asarray(value).dtype.hasobject:
        yield b"array %s %s" % (np.asarray(value).dtype.str.encode(), repr(np.shape(value)).encode())
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        yield from _held(kind, [piece for key in sorted(value, key=repr) for piece in (key, value[key])])
    elif isinstance(value, list | tuple):
        yield from _held(kind, value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _held(kind, [getattr(value, field.name) for field in fields(value)])
    else:
        raise TypeError(f"A task holds a {type(value).__name__}; give plain values: numbers, words, lists, dicts, arrays, dataclasses of them.")


def _held(kind: bytes, pieces: Sequence[Any]) -> Iterator[bytes]:
    yield kind + b" %d" % len(pieces)
    for piece in pieces:
        yield from _parts(piece)
