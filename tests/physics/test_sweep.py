"""Large work: the same numbers wherever it runs, nothing lost by one bad task, and a stopped run goes on where it was."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pistor.delivery import sweep as sweeping
from pistor.delivery.ensemble import Answers, answer, together
from pistor.delivery.problem import Period
from pistor.delivery.sweep import cluster, digest, sweep
from tests.physics.virtual import patients, plan


@pytest.fixture(scope="module")
def tasks():
    return [(plan(), patient) for patient in patients(12, periods=(Period(0.5, (0.0, 6.0, 6.0, 1.5)),))]


@pytest.fixture(scope="module")
def in_one_worker(tasks):
    """One process beside this one: what `workers` of 2 does, without company."""
    with sweeping._processes(1) as pool:
        return sweep(answer, tasks, executor=pool, chunk=5)


def numbers(swept):
    assert swept.failures == ()
    found = together(swept.results)
    columns = {name: getattr(found, name) for name in Answers.__slots__ if name != "influx"}
    return columns | {"rate": found.influx.rate_per_h, "amount": found.influx.amount_mg, "start": found.influx.start_h}


def test_two_workers_give_the_digits_of_one(tasks, in_one_worker):
    two = numbers(sweep(answer, tasks, workers=2, chunk=2))
    for name, column in numbers(in_one_worker).items():
        assert np.array_equal(column, two[name]), name


def test_a_cluster_gives_the_same_digits(tasks, in_one_worker):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local, cluster(local.scheduler_address) as executor:
        there = numbers(sweep(answer, tasks, executor=executor, chunk=2))
    for name, column in numbers(in_one_worker).items():
        assert np.array_equal(column, there[name]), name


def test_this_process_gives_the_same_to_rounding(tasks, in_one_worker):
    here = numbers(sweep(answer, tasks))
    for name, column in numbers(in_one_worker).items():
        assert here[name] == pytest.approx(column, rel=1e-8, abs=1e-12), name


def test_a_cluster_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(sweeping, "ANSWER_S", 0.5)
    with pytest.raises(ValueError, match=r"scheduler is 'tcp://127\.0\.0\.1:9'.*dask scheduler"), cluster("tcp://127.0.0.1:9"):
        pass


def test_without_the_extra_one_is_told_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"pip install 'pistor\[cluster\]'"), cluster("tcp://127.0.0.1:9"):
        pass


@settings(deadline=None)
@given(st.lists(st.floats(-5, 50), max_size=150), st.integers(1, 40))
def test_every_task_gets_its_own_result_or_its_own_failure(tasks, chunk):
    seen = []
    swept = sweep(math.sqrt, tasks, chunk=chunk, progress=lambda done, total: seen.append((done, total)))
    assert swept.results == [math.sqrt(task) if task >= 0 else None for task in tasks]
    assert [failure.index for failure in swept.failures] == [i for i, task in enumerate(tasks) if task < 0]
    assert all(failure.error.startswith("ValueError: ") and "Traceback" in failure.trace for failure in swept.failures)
    assert [done for done, _ in seen] == sorted({min(n, len(tasks)) for n in range(chunk, len(tasks) + chunk, chunk)} if tasks else [])


def test_a_task_that_ends_its_worker_is_found_and_costs_no_other():
    harmless, deadly = int(signal.SIGCHLD), int(signal.SIGKILL)
    swept = sweep(signal.raise_signal, [harmless] * 5 + [deadly] + [harmless] * 4, workers=2, chunk=3)
    assert [failure.index for failure in swept.failures] == [5]
    assert "The worker ended" in swept.failures[0].error
    assert not swept.cancelled


def test_what_was_cancelled_says_so_and_keeps_what_it_has():
    done = []
    swept = sweep(math.sqrt, range(100), chunk=10, progress=lambda n, _: done.append(n), cancelled=lambda: bool(done) and done[-1] >= 30)
    assert swept.cancelled
    assert swept.results == [math.sqrt(n) for n in range(30)] + [None] * 70
    assert not sweep(math.sqrt, [1.0], cancelled=lambda: False).cancelled


# ── starting again ──────────────────────────────────────────────────────────────────────────────────────────────────────

KILLED = """
import math, os
from pistor.delivery.sweep import sweep
sweep(math.sqrt, list(range(100)), chunk=10, folder={folder!r}, version="1", progress=lambda done, total: os._exit(9) if done == 30 else None)
"""


@pytest.fixture
def killed(tmp_path):
    """The folder of a run whose process was killed after three chunks of ten."""
    ended = subprocess.run([sys.executable, "-c", KILLED.format(folder=str(tmp_path))])
    assert ended.returncode == 9
    assert len(list(tmp_path.glob("*.chunk"))) == 3
    return tmp_path


def test_a_killed_run_goes_on_from_what_is_there(killed, monkeypatch):
    worked = []
    monkeypatch.setattr(sweeping, "_work", lambda function, tasks, work=sweeping._work: worked.append(tasks[0]) or work(function, tasks))
    sweep(math.sqrt, list(range(100)), chunk=10, folder=killed, version="1")
    assert worked == list(range(30, 100, 10))
    sweep(math.sqrt, list(range(100)), chunk=10, folder=killed, version="1")
    assert len(worked) == 7


@pytest.mark.parametrize("harm", ["cut", "changed", "emptied", "replaced"])
def test_a_damaged_chunk_is_worked_out_again(killed, harm):
    file = next(killed.glob("*.chunk"))
    whole = file.read_bytes()
    file.write_bytes({"cut": whole[:-3], "changed": whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:], "emptied": b"", "replaced": b"something else"}[harm])
    assert sweep(math.sqrt, list(range(100)), chunk=10, folder=killed, version="1").results == [math.sqrt(n) for n in range(100)]
    assert file.read_bytes() == whole


def test_another_version_function_or_task_uses_nothing_of_it(killed):
    for changed in ({"version": "2"}, {"function": math.exp}):
        settings_ = {"function": math.sqrt, "version": "1"} | changed
        swept = sweep(settings_["function"], list(range(100)), chunk=10, folder=killed, version=settings_["version"])
        assert swept.results == [settings_["function"](n) for n in range(100)]
    assert sweep(math.sqrt, [4.0, *range(1, 100)], chunk=10, folder=killed, version="1").results[0] == 2.0


def test_a_chunk_with_a_failure_is_tried_again(tmp_path):
    sweep(math.sqrt, [1.0, -1.0, 4.0], chunk=1, folder=tmp_path)
    assert len(list(tmp_path.glob("*.chunk"))) == 2
    assert [failure.index for failure in sweep(math.sqrt, [1.0, -1.0, 4.0], chunk=1, folder=tmp_path).failures] == [1]


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Held:
    number: float
    more: tuple[object, ...] = ()


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4) | st.builds(Held, st.floats(allow_nan=False), st.tuples(inner)),
    max_leaves=12,
)


@settings(deadline=None, max_examples=40)
@given(plain, plain)
def test_a_digest_is_that_of_the_value_and_of_no_other(one, other):
    assert digest(one) == digest(one)
    assert (digest(one) == digest(other)) == (repr(one) == repr(other))


def test_digests_tell_apart_what_is_nearly_the_same():
    values = [1, 1.0, True, "1", b"1", [1], (1,), {"1": 1}, Held(1.0), Held(1.0, (1,)), Colour.RED, np.float32(1), np.array([1.0]), np.array([[1.0]]), ["a", "b"], ["ab"], ["ab", ""]]
    assert len({digest(value) for value in values}) == len(values)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(np.arange(6.0).reshape(2, 3)) == digest(np.asfortranarray(np.arange(6.0).reshape(2, 3)))


def test_a_task_that_is_no_plain_value_is_refused_where_it_would_have_to_be_recognised(tmp_path):
    with pytest.raises(TypeError, match="holds a set"):
        sweep(len, [{1}], folder=tmp_path)
    assert sweep(len, [{1}]).results == [1]


@pytest.mark.parametrize(("how", "told"), [({"workers": 0}, "workers is 0"), ({"workers": 5000}, "workers is 5000"), ({"chunk": 0}, "chunk is 0")])
def test_what_cannot_be_asked_is_named(how, told):
    with pytest.raises(ValueError, match=told):
        sweep(math.sqrt, [1.0], **how)


def test_nothing_to_do_is_done():
    assert sweep(math.sqrt, [], workers=2).results == []
