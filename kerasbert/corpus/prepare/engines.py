"""Where jobs run, on any `concurrent.futures` executor: processes here, or a Dask cluster."""

from __future__ import annotations

import contextlib
import gc
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from kerasbert.choices import EngineName
from kerasbert.errors import InputError, Unfinished
from kerasbert.ranges import check_numbers

ENGINES = get_args(EngineName)
ANSWER_SECONDS = 20  # of a scheduler
_TRIES = 3  # pools of processes, of which one died
Job = TypeVar("Job")


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Engine:
    """How jobs are run.

    Attributes:
        name: "processes" or "dask".
        workers: processes of this machine; one works in this very process.
        scheduler: the address of a Dask scheduler.
    """

    name: str = "processes"
    workers: int = 1
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise InputError(
                f"--engine: expected one of {', '.join(ENGINES)}, received {self.name!r}."
            )
        check_numbers({"workers": self.workers})
        if (self.name == "dask") != (self.scheduler is not None):
            raise InputError("--engine dask and --scheduler ADDRESS belong together.")

    @contextlib.contextmanager
    def started(self) -> Iterator[Pool]:
        """The workers until the end of the block; they start when there is work for them."""
        pool = Pool(self)
        try:
            yield pool
        finally:
            pool.close()

    @contextlib.contextmanager
    def executor(self) -> Iterator[tuple[Executor, int]]:
        """An executor, and how many jobs it should have at a time."""
        if self.name == "dask":
            with _dask(str(self.scheduler)) as found:
                yield found
            return
        # Not fork: the tokenizers library has threads; a forked copy of a held lock never opens.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self.workers, context, initializer=_start_worker)
        try:
            yield pool, 2 * self.workers
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class Pool:
    """An engine's workers, which stay from one series of jobs to the next: they start slowly.

    Args:
        engine: whose they are.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._in_process = engine.name == "processes" and engine.workers == 1
        self._stack = contextlib.ExitStack()
        self._open: tuple[Executor, int] | None = None

    def close(self) -> None:
        """Wait for the jobs under way, and end the workers; the next jobs get new ones."""
        self._open = None
        self._stack.close()

    def warm(self) -> None:
        """Start the workers now, beside what this process has to do before it has work for them."""
        if self._in_process:
            return
        executor, _ = self._executor()
        for _ in range(self._engine.workers):
            executor.submit(_ready)

    def run(self, function: Callable[[Job], Any], jobs: Iterable[Job]) -> Iterator[tuple[Job, Any]]:
        """Yield each job with its result, as they are done; jobs are asked for as there is room.

        When a job fails no other is begun, those under way are waited for, and its error is raised.

        Raises:
            InputError: workers died again and again; what a job raises.
        """
        engine, waiting = self._engine, iter(jobs)
        undone = list(itertools.islice(waiting, 2))
        if self._in_process or (engine.name == "processes" and len(undone) < 2):
            yield from ((job, function(job)) for job in itertools.chain(undone, waiting))
            return
        undone.reverse()
        for _ in range(_TRIES):
            results = _run(*self._executor(), function, waiting, undone)
            try:
                yield from results
                return
            except BrokenProcessPool:  # go on with a new one: jobs can be done again
                self.close()
            except Exception as error:
                if engine.name != "dask" or isinstance(error, InputError):
                    raise
                raise Unfinished(
                    f"the Dask cluster failed ({type(error).__name__}: {error}). Its workers"
                    " need kerasbert, and the same folders under the same names. What is done"
                    " is kept: run the same command again to go on."
                ) from error
            finally:
                results.close()
        raise Unfinished(
            f"worker processes ended {_TRIES} times before their work was done, killed for memory"
            " perhaps. Give fewer --workers, then run the same command again: what is done is kept."
        )

    def _executor(self) -> tuple[Executor, int]:
        if self._open is None:
            self._open = self._stack.enter_context(self._engine.executor())
        return self._open


def _run(
    executor: Executor,
    room: int,
    function: Callable[[Job], Any],
    waiting: Iterator[Job],
    undone: list[Job],
) -> Generator[tuple[Job, Any], None, None]:
    """Keep `room` jobs under way; `undone` keeps those whose executor broke."""
    under_way: dict[Future, Job] = {}
    failed: BaseException | None = None
    try:
        while True:
            while failed is None and len(under_way) < room:
                if not undone:
                    undone += itertools.islice(waiting, 1)
                if not undone:
                    break
                future = executor.submit(function, undone[-1])
                under_way[future] = undone.pop()
            if not under_way:
                break
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    raise error
                job = under_way.pop(future)
                if error is None:
                    yield job, future.result()
                else:
                    failed = failed or error
    except BrokenProcessPool:
        undone.extend(under_way.values())
        raise
    finally:
        for future in under_way:
            future.cancel()
    if failed is not None:
        raise failed


@contextlib.contextmanager
def _dask(scheduler: str) -> Iterator[tuple[Executor, int]]:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "--engine dask needs the package distributed, which is not installed."
            " Install it with: pip install kerasbert[dask]"
        ) from None
    try:
        client = Client(scheduler, timeout=ANSWER_SECONDS)
    except (OSError, ValueError) as error:
        raise Unfinished(
            f"--scheduler {scheduler}: no Dask scheduler answers there ({error}). Start one with:"
            " dask scheduler."
        ) from None
    with client:
        cores = sum(client.ncores().values())
        if not cores:
            raise Unfinished(
                f"--scheduler {scheduler}: it has no worker. Start some with: dask worker"
                f" {scheduler}."
            )
        # `pure`: Dask may take equal jobs for one. They are one: they write the same files.
        with client.get_executor() as executor:
            yield executor, 2 * cores


def _ready() -> None:
    """The job of a worker that only has to be there."""


def _start_worker() -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a worker is one process for one core
    gc.set_threshold(200_000, 20, 100)  # what a worker remembers is large, and without cycles
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops the work, once
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent cannot stop its workers, which would wait for work forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
