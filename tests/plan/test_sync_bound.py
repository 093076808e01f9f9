"""How long a revert waits: the sum, what cuts it, and what the retries add."""

import pytest

from gitops_gen.errors import GitopsError
from gitops_gen.sync.durations import seconds, text
from gitops_gen.sync.policy import Backoff, policy_of
from tests.plan.manifest_kit import deployment, planned, thing

CLAIM = thing("PersistentVolumeClaim", "data", 0)
LAST = thing("ConfigMap", "last", 9)


def test_the_sum_is_the_longest_gate_of_each_wave_pauses_and_the_back_off() -> None:
    plan = planned(deployment("a", 0), deployment("b", 0, progressDeadlineSeconds=100), deployment("c", 5), LAST)
    assert [term.seconds for term in plan.first_bound.terms] == [300, 300, 6, 60]
    assert plan.first_bound.seconds == 666


def test_the_sync_timeout_cuts_the_sum_with_its_retries() -> None:
    bound = planned(deployment("a", 0), LAST, sync_timeout=200).later_bound
    assert (bound.seconds, bound.total, bound.is_cut) == (200, 364, True)
    bound = planned(deployment("a", 0), LAST, sync_timeout=900).later_bound
    assert (bound.seconds, bound.is_cut) == (364, False)


def test_a_claim_is_endless_on_the_first_sync_only() -> None:
    plan = planned(CLAIM, LAST)
    assert plan.first_bound.seconds is None
    assert plan.later_bound.seconds == 2 + 2 + 60


def test_without_end_the_timeout_is_the_bound() -> None:
    assert planned(CLAIM, LAST, sync_timeout=1800).first_bound.seconds == 1800


def test_the_last_wave_counts_when_a_sync_prunes() -> None:
    plan = planned(deployment("a", 0))
    assert [term.seconds for term in plan.first_bound.terms] == [2, 60]
    assert [term.seconds for term in plan.later_bound.terms] == [300, 2, 60]


def test_an_address_that_never_came_holds_up_the_sync_that_prunes() -> None:
    plan = planned(deployment("a", 0), thing("Ingress", "a", 40))
    assert plan.first_bound.seconds == 300 + 2 + 2 + 60
    assert plan.later_bound.seconds is None


def test_retries_of_one_commit_add_up() -> None:
    backoff = Backoff(duration=10, factor=2, max_duration=60)
    plan = planned(deployment("a", 0), LAST, sync_options=(), retry_limit=3, retry_refresh=False, backoff=backoff)
    assert plan.first_bound.total == 4 * (300 + 2) + (20 + 40 + 60)
    endless = planned(deployment("a", 0), LAST, retry_refresh=False)
    assert endless.first_bound.seconds is None
    assert planned(deployment("a", 0), LAST, sync_options=(), retry_limit=0).first_bound.seconds == 302


def test_sync_fail_hooks_prolong_a_failing_sync() -> None:
    alarm = thing("Job", "alarm", hook="SyncFail", spec={"activeDeadlineSeconds": 90})
    terms = planned(deployment("a", 0), LAST, alarm, sync_options=()).first_bound.terms
    assert [term.seconds for term in terms] == [300, 120, 4, 60]


def test_the_back_off_that_was_measured() -> None:
    backoff = Backoff(duration=5, factor=2, max_duration=60)
    assert [backoff.before_retry(retry) for retry in range(1, 6)] == [10, 20, 40, 60, 60]
    assert (backoff.longest(-1), backoff.longest(2), backoff.longest(0)) == (60, 20, 0)
    assert Backoff(duration=90, factor=0, max_duration=0).longest(5) == 0


def test_an_application_that_says_nothing_has_argo_cds_defaults() -> None:
    policy = policy_of({"spec": {"syncPolicy": {"automated": {}}}})
    assert (policy.retry_limit, policy.retry_refresh, policy.sync_options) == (5, False, ())
    assert policy.backoff == Backoff(duration=5, factor=2, max_duration=180)
    assert not policy.names_paths


@pytest.mark.parametrize(("written", "total"), [("30m", 1800), ("1h0m30s", 3630), ("90", 90), ("1.5m", 90), (7, 7)])
def test_durations(written: str | int, total: int) -> None:
    assert seconds(written) == total
    assert seconds(text(total)) == total


@pytest.mark.parametrize("written", ["", "soon", "5 m", "-5m"])
def test_no_durations(written: str) -> None:
    with pytest.raises(GitopsError):
        seconds(written)
