"""Where the work of preparing is done makes no difference to the store."""

import multiprocessing
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kerasbert.corpus.prepare import jobs as chunks
from kerasbert.corpus.prepare import prepare_store as prepare
from kerasbert.corpus.prepare.engines import Engine
from kerasbert.corpus.prepare.prepare_store import prepare_store
from kerasbert.errors import InputError
from kerasbert.tokenizer.training import train_tokenizer

WORDS = [a + b for a in "bdfgklmnprst" for b in ("an", "elo", "iru", "osk", "um")]


def contents(store):
    return {path.name: path.read_bytes() for path in store.iterdir()}


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "PIECE_BYTES", 2000)
    path = tmp_path / "raw.txt"
    path.write_text("\n".join(" ".join(WORDS[i % 37 : i % 37 + 9]) for i in range(2000)))
    return path


def double(number):
    return 2 * number


def fail_at_three(number):
    if number == 3:
        raise InputError("three")
    return number


def die_once(path):
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def die(number):
    os.kill(os.getpid(), signal.SIGKILL)


def where(number):
    time.sleep(0.02)
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_done(workers):
    with Engine(workers=workers).started() as pool:
        results = dict(pool.run(double, range(20)))
        assert results == {number: 2 * number for number in range(20)}
        assert list(pool.run(double, [])) == []
        assert list(pool.run(double, [4])) == [(4, 8)]


@pytest.mark.parametrize("warm", [True, False])
def test_workers_stay_for_the_next_jobs_and_end_with_the_block(warm):
    with Engine(workers=2).started() as pool:
        if warm:
            pool.warm()
        first = set(dict(pool.run(where, range(50))).values())
        second = set(dict(pool.run(where, range(50))).values())
        workers = {process.pid for process in multiprocessing.active_children()}
        assert len(workers) == 2 and first | second <= workers
        assert os.getpid() not in workers
    assert not multiprocessing.active_children()


def test_a_failing_job_stops_the_work_and_the_others_are_kept():
    done = []
    with Engine(workers=2).started() as pool, pytest.raises(InputError, match="three"):
        for job, _ in pool.run(fail_at_three, range(100)):
            done.append(job)
    assert {0, 1, 2} <= set(done) and len(done) < 20


def test_a_worker_that_dies_is_replaced(tmp_path):
    jobs = [tmp_path / str(number) for number in range(3)]
    jobs[1].touch()
    jobs[2].touch()
    with Engine(workers=2).started() as pool:
        with pytest.raises(InputError, match="ended 3 times before their work was done"):
            list(pool.run(die, range(4)))
        found = dict(pool.run(die_once, jobs))
    assert set(found) == set(jobs) and os.getpid() not in found.values()


def test_what_an_engine_is_not():
    with pytest.raises(InputError, match="--engine: expected one of processes, dask"):
        Engine("threads")
    with pytest.raises(InputError, match="--workers: expected 1 or more"):
        Engine(workers=0)
    for wrong in ({"name": "dask"}, {"scheduler": "tcp://x:1"}):
        with pytest.raises(InputError, match="belong together"):
            Engine(**wrong)


def test_any_executor_will_do(corpus, tmp_path, monkeypatch):
    """The engine asks for nothing but `submit`: here threads, all in one process."""
    import contextlib

    @contextlib.contextmanager
    def threads(self):
        with ThreadPoolExecutor(4) as pool:
            yield pool, 8

    prepare_store([corpus], tmp_path / "here", vocabulary_size=300)
    monkeypatch.setattr(Engine, "executor", threads)
    prepare_store([corpus], tmp_path / "there", vocabulary_size=300, engine=Engine(workers=4))
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def slowly(job):
    """What a Dask worker does in the test below: slowly enough to be killed meanwhile."""
    time.sleep(0.2)
    return chunks.encode_piece(job)


@pytest.mark.slow
def test_a_dask_cluster_that_loses_a_worker_makes_the_same_store(corpus, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    tokenizer = train_tokenizer(corpus.read_text().split("\n"), vocabulary_size=300)
    prepare_store([corpus], tmp_path / "here", tokenizer=tokenizer, shard_size=5000)
    monkeypatch.syspath_prepend(str(__file__).rpartition("/")[0])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setattr(prepare, "encode_piece", slowly)
    killed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        workers = [nanny.pid for nanny in cluster.workers.values()]

        def progress(done, total):
            if not killed and done > total / 4:
                killed.append(workers[0])
                os.kill(workers[0], signal.SIGKILL)

        engine = Engine("dask", scheduler=cluster.scheduler_address)
        prepare_store(
            [corpus], tmp_path / "there", tokenizer=tokenizer, shard_size=5000,
            engine=engine, progress=progress,
        )  # fmt: skip
    assert killed
    assert contents(tmp_path / "here") == contents(tmp_path / "there")
    assert len(contents(tmp_path / "here")) > 4


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer(corpus, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    engine = Engine("dask", scheduler="tcp://127.0.0.1:9")
    monkeypatch.setattr("kerasbert.corpus.prepare.engines.ANSWER_SECONDS", 1)
    with pytest.raises(InputError, match="no Dask scheduler answers there"):
        prepare_store([corpus], tmp_path / "s", vocabulary_size=300, engine=engine)
