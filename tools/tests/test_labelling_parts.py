"""The runner's parts by themselves: limits, waits, prices, spending, tokens, the store and its group commit."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillery import InputFileError, OutputFileError
from distillery_tools.oracle.errors import (
    CallError,
    CallTimeoutError,
    HardStopError,
    NoCompletionError,
    RateLimitedError,
    RejectedError,
    RequestFormError,
    UnavailableError,
    UnreachableError,
    UnusableReplyError,
)
from distillery_tools.oracle.prompt.tokens import estimate_tokens
from distillery_tools.oracle.providers import Completion, Usage
from distillery_tools.oracle.providers.retry_after import delay_in_words, retry_after, stated_delay
from distillery_tools.oracle.run.breaker import MOST_PAUSES, CircuitBreaker
from distillery_tools.oracle.run.limits import Limits, TokenBucket
from distillery_tools.oracle.run.outcomes import OutcomeRecorder
from distillery_tools.oracle.run.single import WaitAsAsked
from distillery_tools.oracle.run.spec import CallPolicy, OracleSpec, RateLimits
from distillery_tools.oracle.run.spending import BudgetReachedError, Spending, StatedPrices, published_prices
from distillery_tools.oracle.run.stop import Stop, StoppedError
from distillery_tools.oracle.store.attempts import LabelRequest
from distillery_tools.oracle.store.group_commit import GroupCommit
from distillery_tools.oracle.store.store import Store

REQUEST = LabelRequest("key", "text", "0" * 64, 10, 0, 0, 1)
PRICES = StatedPrices(prompt=1.0, output=10.0)


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=300), st.integers(1, 600))
def test_bucket_lets_no_more_through_in_any_minute(pauses: list[float], per_minute: int) -> None:
    """Than the limit and one second's worth of burst."""
    bucket = TokenBucket(per_minute)
    now, passed = 1000.0, []
    for pause in pauses:
        now += pause
        passed.append(now + bucket.take(1, now))
    most = max(sum(start <= moment < start + 60 for moment in passed) for start in passed)
    assert most <= per_minute * 61 / 60 + 1


def test_bucket_takes_amounts_larger_than_itself() -> None:
    """And lets those behind wait for it; what was taken too much is given back."""
    bucket = TokenBucket(60)
    assert bucket.take(1000, 0.0) == 0.0
    assert bucket.take(1, 0.0) == pytest.approx(999.0)
    bucket.correct(-990)
    assert bucket.take(1, 0.0) == pytest.approx(10.0)


def test_stop_ends_a_wait_at_once() -> None:
    """Whatever waits its turn learns of it."""

    async def run() -> None:
        stop = Stop()
        limits = Limits(RateLimits(requests=1), stop)
        await limits.take(1)
        limits.pause(3600)
        waiting = asyncio.create_task(limits.take(1))
        await asyncio.sleep(0)
        stop.set("first", "because")
        stop.set("second", "too late")
        with pytest.raises(StoppedError):
            await waiting
        assert stop.reason
        assert stop.reason.kind == "first"

    asyncio.run(run())


def wait_for(error: Exception, attempt: int) -> float:
    """Return the wait after a failed attempt."""
    outcome = SimpleNamespace(exception=lambda: error)
    return WaitAsAsked()(SimpleNamespace(outcome=outcome, attempt_number=attempt))  # type: ignore[arg-type]


def test_waits_grow_but_are_never_shorter_than_asked() -> None:
    """Random below a bound that doubles; a changed request waits for nothing."""
    assert max(wait_for(CallTimeoutError("x"), 1) for _ in range(100)) <= 0.5
    assert 2 < max(wait_for(CallTimeoutError("x"), 5) for _ in range(100)) <= 8
    assert max(wait_for(CallTimeoutError("x"), 50) for _ in range(100)) <= 60
    assert 33.0 <= wait_for(RateLimitedError("x", 33.0), 50) <= 33.5
    assert 33.0 <= wait_for(UnavailableError("x", 33.0), 1) <= 33.5
    assert wait_for(RequestFormError("x"), 9) == 0.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "7", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "7", "retry-after-ms": "soon"}, 7.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0),
        ({"retry-after": "Sunday, 06-Nov-94 08:49:37 GMT"}, 0.0),
        ({"retry-after": "Sun Nov  6 08:49:37 1994"}, 0.0),
        ({}, None),
    ],
    ids=str,
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds, whole or not, or as any of the three forms of a date; nonsense asks for nothing."""
    assert retry_after(headers) == seconds


@pytest.mark.parametrize("form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"])
def test_retry_after_may_be_a_date(form: str) -> None:
    """In the three forms that HTTP knows."""
    found = retry_after({"retry-after": (datetime.now(UTC) + timedelta(seconds=3600)).strftime(form)})
    assert found is not None
    assert 3000 < found <= 3600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("18s", 18.0), ("18.5s", 18.5), ({"seconds": 18, "nanos": 5 * 10**8}, 18.5), (3, 3.0), ("4", 4.0), ("soon", None)],
    ids=str,
)
def test_delay_stated_in_a_body(value: object, seconds: float | None) -> None:
    """As google.rpc.RetryInfo and others write it."""
    assert stated_delay(value) == seconds


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Rate limit reached. Please try again in 1m2.5s.", 62.5),
        ("Please try again in 20s. Visit the site", 20.0),
        ("try again in 250ms", 0.25),
        ("Please retry after 7 seconds.", 7.0),
        ("try again later", None),
    ],
)
def test_delay_stated_in_words(message: str, seconds: float | None) -> None:
    """As OpenAI, Groq and Azure write it where no header says so."""
    assert delay_in_words(message) == seconds


def test_limit_of_a_reply_doubles_up_to_an_end() -> None:
    """Or stays as it is, if it was set higher than that."""
    assert [CallPolicy(max_output_tokens=4096).output_limit(n) for n in (0, 1, 4, 9)] == [4096, 8192, 65536, 65536]
    assert CallPolicy(max_output_tokens=100_000).output_limit(3) == 100_000


def test_prices() -> None:
    """Published where they are known, by the endpoint or the maker; stated ones elsewhere."""
    usage = Usage(prompt=1_000_000, cached=0, output=500_000, thinking=500_000)
    assert PRICES.cost(usage) == pytest.approx(11.0)
    assert StatedPrices(1.0, 10.0, share=0.5).cost(usage) == pytest.approx(5.5)
    gemini = published_prices("gemini", "gemini-2.5-flash", None)
    assert gemini
    assert gemini.cost(usage) == pytest.approx(0.30 + 2.50)
    assert published_prices("openai", "gpt-4.1-mini", "http://127.0.0.1:1/v1")
    assert published_prices("openai", "deepseek-chat", "https://api.deepseek.com/v1")
    assert published_prices("openai", "gemma3:27b", "http://127.0.0.1:11434/v1") is None
    assert published_prices("dice", "two-sixes", None) is None


def test_budget_waits_for_calls_in_flight() -> None:
    """They may turn out cheaper than was set aside; when none is left it is over."""

    async def run() -> None:
        spending = Spending(PRICES, budget=1.0, spent=0.2, expected_output=0)
        await spending.reserve(0.5)
        waiting = asyncio.create_task(spending.reserve(0.4))
        await asyncio.sleep(0)
        assert not waiting.done()
        spending.settle(0.5, 0.1)
        await waiting
        spending.settle(0.4, 0.6)
        with pytest.raises(BudgetReachedError):
            await spending.reserve(0.2)
        assert spending.spent == pytest.approx(0.9)

    asyncio.run(run())


def test_usage_that_has_no_price_is_booked_at_the_estimate(tmp_path: Path) -> None:
    """As one of a third party's provider may be; the label counts all the same."""

    async def run() -> float:
        async with Store.open(tmp_path / "store.sqlite") as store:
            spending = Spending(published_prices("openai", "gpt-4.1-mini", None), None, 0.0, expected_output=0)
            await spending.reserve(0.25)
            call = await store.book("oracle", REQUEST, 0.25)
            usage = Usage(prompt=1, cached=2)
            await OutcomeRecorder(oracle(), store, spending).completed(call, Completion('{"green": 1}', usage, "m"))
            return spending.spent

    assert asyncio.run(run()) == 0.25


def test_expected_reply_follows_long_ones_at_once() -> None:
    """And short ones slowly."""
    spending = Spending(PRICES, None, 0.0, expected_output=100)
    spending.settle(0.0, 0.0, Usage(output=150, thinking=50))
    assert spending.expected_output == 200
    spending.settle(0.0, 0.0, Usage(output=100))
    assert spending.expected_output == 195


def breaker_after(errors: list[CallError], *, answers_first: bool = True) -> tuple[CircuitBreaker, Stop]:
    """Return a breaker for three calls at a time, and its stop, after an answer and some failures."""

    async def run() -> tuple[CircuitBreaker, Stop]:
        stop = Stop()
        limits = Limits(RateLimits(), stop)
        breaker = CircuitBreaker(stop, limits, concurrency=3)
        if answers_first:
            breaker.answered()
        for error in errors:
            breaker.failed(error)
            limits.paused_until = 0.0  # as if the pause were over
        return breaker, stop

    return asyncio.run(run())


def test_breaker_stops_for_no_fault_of_articles() -> None:
    """However many there are, while others are answered."""
    breaker, stop = breaker_after([UnusableReplyError("x", "prose")] * 300 + [RejectedError("x")] * 49)
    assert stop.reason is None
    assert breaker.is_closed
    assert breaker_after([RejectedError("x")] * 50)[1].reason


@pytest.mark.parametrize(
    ("error", "n"),
    [
        (HardStopError("x"), 1),
        (UnreachableError("x"), MOST_PAUSES),
        (NoCompletionError("x"), MOST_PAUSES),
        (UnavailableError("x"), MOST_PAUSES + 2),
        (CallTimeoutError("x"), MOST_PAUSES + 2),
        (RateLimitedError("x"), 13),
        (RateLimitedError("x", 0.01), 200),
        (RateLimitedError("come tomorrow", 86400.0), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_breaker_stops_when_the_endpoint_fails_in_a_row(error: CallError, n: int) -> None:
    """Early where nothing can come of it, later where it may pass."""
    assert breaker_after([error] * (n - 1))[1].reason is None
    breaker, stop = breaker_after([error] * n)
    assert stop.reason
    assert stop.reason.kind == "endpoint"
    assert str(error) in stop.reason.message
    assert breaker.is_closed is isinstance(error, HardStopError)


def test_breaker_stops_sooner_for_limits_if_nothing_was_ever_answered() -> None:
    """After about a minute of pauses instead of seven."""
    assert breaker_after([RateLimitedError("x")] * 6, answers_first=False)[1].reason is None
    assert breaker_after([RateLimitedError("x")] * 7, answers_first=False)[1].reason
    assert breaker_after([RateLimitedError("x", 90.0)], answers_first=False)[1].reason is None
    assert breaker_after([RateLimitedError("x", 90.0)] * 2, answers_first=False)[1].reason


def test_a_call_without_an_answer_is_its_articles_fault_only_while_others_are_answered() -> None:
    """Else the endpoint is at fault."""
    assert breaker_after([])[0].is_closed
    assert not breaker_after([], answers_first=False)[0].is_closed
    assert not breaker_after([CallTimeoutError("x")])[0].is_closed


def test_pauses_that_nobody_states_double(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for all calls in flight, up to a minute, and anew after an answer."""
    now = [1000.0]

    async def run() -> list[float]:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
        limits, pauses = Limits(RateLimits(), Stop()), []
        for turn in range(9):
            for _ in range(8):
                limits.pause_longer()
            pauses.append(limits.paused_until - now[0])
            now[0] = limits.paused_until
            if turn == 7:
                limits.answered()
        return pauses

    assert asyncio.run(run()) == [1, 2, 4, 8, 16, 32, 60, 60, 1]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        ("The council planted four hundred trees along the river last spring.", 11, 14),
        ("Vérité, élève et forêt: les arbres ont été plantés près de l'école.", 16, 26),
        ("Учёные сообщили, что новая вакцина снизила число заболевших детей.", 13, 22),
        ("三年来疟疾病例减少了一半", 7, 12),
        ('{"score": 7.5, "evidence": "none"}', 10, 18),
    ],
)
def test_tokens_are_estimated_by_script(text: str, low: int, high: int) -> None:
    """Near what large tokenizers make of it."""
    assert low <= estimate_tokens(text) <= high


def oracle(**changes: object) -> OracleSpec:
    """Return an oracle that differs from others in one fact."""
    facts = {
        "filter": "garden",
        "filter_version": "1.0.0",
        "dimensions": ("green",),
        "prompt_sha256": "0" * 64,
        "provider": "openai",
        "model": "m",
        "parameters": {"temperature": 0.0},
        "sample": 1,
    }
    return OracleSpec(**(facts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"dimensions": ("green", "shared")},
        {"prompt_sha256": "1" * 64},
        {"provider": "gemini"},
        {"model": "n"},
        {"endpoint": "http://127.0.0.1:8080/v1"},
        {"parameters": {"temperature": 1.0}},
        {"sample": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_judge_has_other_keys(change: dict[str, object]) -> None:
    """For the same article."""
    assert oracle(**change).key_of("text") != oracle().key_of("text")


def test_new_version_with_the_same_prompt_keeps_the_keys() -> None:
    """What was asked is the same, so the answers are."""
    assert oracle(filter_version="2.0.0").key_of("text") == oracle().key_of("text")
    assert oracle().key_of("text") != oracle().key_of("texts")


def test_group_commit_does_what_was_handed_over(tmp_path: Path) -> None:
    """In few transactions, each whole: an error undoes its own group, and cancelling a task undoes nothing."""
    path = tmp_path / "numbers.sqlite"
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")

    def insert(number: int, *_: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        return number

    async def run() -> None:
        group = GroupCommit(connection)
        assert await asyncio.gather(*(group.run(partial(insert, n)) for n in range(100))) == list(range(100))
        with pytest.raises(sqlite3.IntegrityError):
            await group.run(lambda _: insert(5))
        abandoned = asyncio.create_task(group.run(lambda _: insert(1000)))
        await asyncio.sleep(0)
        abandoned.cancel()
        await group.close()

    asyncio.run(run())
    connection.close()
    with sqlite3.connect(path) as reader:
        assert reader.execute("SELECT count(*), max(n) FROM numbers").fetchone() == (101, 1000)
    reader.close()


def test_store_that_is_none_is_left_alone(tmp_path: Path) -> None:
    """Another file, another version's, or a folder."""
    text = tmp_path / "notes.txt"
    text.write_text("no database, but long enough to be read as one\n" * 100, encoding="utf-8")
    with pytest.raises(InputFileError, match="not a store of labels"):
        Store.open(text)
    newer = tmp_path / "newer.sqlite"
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(InputFileError, match="another version"):
        Store.open(newer)
    with pytest.raises(OutputFileError):
        Store.open(tmp_path)
    assert text.read_text(encoding="utf-8").startswith("no database")
