"""distillery label from end to end, against a server that speaks both providers' wire formats."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
from pathlib import Path

import processes
import pytest
from invented import DIMENSIONS, run_cli
from labelling_fixture import PROMPT, LabellingFixture, article, is_sound
from misbehaviour import misbehaving
from oracle_server import Answer, Call, OracleServer, good_text, scores_of

OK, FAILED, USAGE = 0, 1, 2
PROVIDERS = ("openai", "gemini")
REAL = Path(__file__).parents[3] / "shared" / "data" / "unlabelled.jsonl"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_labels_say_what_was_answered_and_by_whom(labelling: LabellingFixture, provider: str) -> None:
    """In the order of the articles, with the scores that the server gave for that very prompt."""
    with OracleServer() as server:
        done = labelling.label(server, provider=provider)
        prompts = {call.prompt for call in server.calls}
    assert done.exit_code == OK, done.output
    labels = labelling.read("labels")
    assert [label["id"] for label in labels] == [f"a{number}" for number in range(12)]
    expected = [scores_of(prompt) for prompt in prompts]
    assert all(label["scores"] in expected for label in labels)
    first = labels[0]
    assert (first["provider"], first["filter"], first["filter_version"]) == (provider, "garden", "1.2.0")
    assert first["tokens"]["prompt"] > 0
    assert first["cost"] > 0
    assert first["time"].endswith("Z")
    assert len(first["text_sha256"]) == len(first["prompt_sha256"]) == 64
    assert labelling.report["articles"]["labelled"] == len(prompts) == 12
    assert labelling.report["cost"]["now"] == pytest.approx(sum(label["cost"] for label in labels))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_faults_end_in_labels_or_dead_letters(labelling: LabellingFixture, provider: str) -> None:
    """Each within its attempts, and each call that was counted is booked; the endpoint's faults are no attempts."""
    labelling.write([article(number) for number in range(40)])
    with OracleServer(misbehaving(DIMENSIONS, silence=5)) as server:
        done = labelling.label(server, "--max-attempts", 4, "--timeout", 0.3, "--concurrency", 8, provider=provider)
        counted = server.n_calls
    labels, dead = labelling.read("labels"), labelling.read("dead_letters")
    assert is_sound(labels)
    left = labelling.report["articles"]["left"]
    assert len({record["id"] for record in (*labels, *dead)}) == len(labels) + len(dead) == 40 - left
    assert labelling.most_attempts() <= 4
    calls = labelling.report["calls"]
    # On a busy machine a request may time out before the server has read it.
    assert calls["all_runs"] - calls["failures"].get("timeout", 0) <= counted <= calls["all_runs"]
    assert done.exit_code == (FAILED if dead or left else OK)


def test_finished_job_makes_no_call_again(labelling: LabellingFixture) -> None:
    """And leaves the same labels."""
    with OracleServer() as server:
        labelling.label(server)
        before = labelling.labels.read_bytes()
        done = labelling.label(server)
        assert server.n_calls == 12
    assert done.exit_code == OK
    assert labelling.labels.read_bytes() == before
    assert labelling.report["calls"] == {"now": 0, "all_runs": 12, "failures": {}}
    assert labelling.report["cost"]["now"] == 0


@pytest.mark.parametrize(
    ("option", "value"), [("--model", "gpt-4.1"), ("--temperature", 0.5), ("--sample", 2), ("--thinking", "low")]
)
def test_another_judge_reuses_no_answer(labelling: LabellingFixture, option: str, value: object) -> None:
    """What changes answers makes an oracle of its own; the first one's answers stay stored."""
    elsewhere = ("-o", labelling.folder / "other.jsonl", "--store", labelling.records / "store.sqlite")
    with OracleServer() as server:
        labelling.label(server)
        assert labelling.label(server, option, value, *elsewhere).exit_code == OK
        assert server.n_calls == 24
        labelling.label(server)
        assert server.n_calls == 24


def test_changed_prompt_reuses_no_answer(labelling: LabellingFixture) -> None:
    """Not even if the change is a single character."""
    with OracleServer() as server:
        labelling.label(server)
        first = labelling.read("labels")
        labelling.write([article(number) for number in range(12)], PROMPT.replace("one JSON", "a JSON"))
        labelling.labels.unlink()
        labelling.label(server)
        assert server.n_calls == 24
    assert {label["prompt_sha256"] for label in first}.isdisjoint(
        label["prompt_sha256"] for label in labelling.read("labels")
    )


def test_same_article_under_two_ids_costs_one_call(labelling: LabellingFixture) -> None:
    """Both get the label."""
    labelling.write([article(1), article(1) | {"id": "again"}, article(2)])
    with OracleServer() as server:
        labelling.label(server)
        assert server.n_calls == 2
    first, second, _ = labelling.read("labels")
    assert (first["id"], second["id"]) == ("a1", "again")
    assert first["scores"] == second["scores"]
    assert labelling.report["articles"]["left"] == 0


@pytest.mark.parametrize(
    ("option", "value"), [("--model", "gpt-4.1"), ("--temperature", 0.5), ("--sample", 2), ("--thinking", "low")]
)
def test_labels_of_another_judge_are_kept(labelling: LabellingFixture, option: str, value: object) -> None:
    """The store has them, but this run would write its own over them, or none."""
    with OracleServer() as server:
        labelling.label(server)
        before = labelling.labels.read_bytes()
        refused = labelling.label(server, option, value, "--budget", "0.0001")
        assert server.n_calls == 12
    assert refused.exit_code == USAGE
    assert "labels that differ in " in refused.output
    assert labelling.labels.read_bytes() == before


def test_what_is_no_article_is_set_aside_unsent(labelling: LabellingFixture) -> None:
    """With its line and its reason; it is no failure."""
    consent = {"id": "wall", "title": "Before you continue to Google", "content": "Before you continue to Google"}
    labelling.write(
        [article(1), {"id": "bare", "title": "No content"}, {"title": "No id", "content": "x " * 200}, consent]
    )
    with OracleServer() as server:
        done = labelling.label(server)
        assert server.n_calls == 1
    assert done.exit_code == OK, done.output
    kinds = [(record["id"], record["line"], record["kind"]) for record in labelling.read("set_aside")]
    assert kinds == [("bare", 2, "unreadable"), (None, 3, "unreadable"), ("wall", 4, "junk")]
    assert all(record["reason"] for record in labelling.read("set_aside"))


def test_hopeless_article_is_a_dead_letter_for_good(labelling: LabellingFixture) -> None:
    """After the cap it is never asked about again, until it is given all attempts afresh."""

    def behave(call: Call) -> Answer:
        return Answer('{"green": 11}' if "planted 3 trees" in call.prompt else good_text(call.prompt))

    with OracleServer(behave) as server:
        done = labelling.label(server, "--max-attempts", 3)
        labelling.label(server, "--max-attempts", 3)
        assert server.n_calls == 11 + 3
        assert done.exit_code == FAILED
        (dead,) = labelling.read("dead_letters")
        assert (dead["id"], dead["kind"], dead["attempts"], dead["last_reply"]) == ("a3", "scores", 3, '{"green": 11}')
        server.behaviour = lambda call: Answer(good_text(call.prompt))
        again = labelling.label(server, "--max-attempts", 3, "--retry-dead-letters")
    assert again.exit_code == OK
    assert len(labelling.read("labels")) == 12
    assert labelling.read("dead_letters") == []


def test_truncated_reply_is_asked_for_with_a_larger_limit(labelling: LabellingFixture) -> None:
    """Twice as large each time, also over runs."""
    limits: list[int] = []

    def behave(call: Call) -> Answer:
        limits.append(call.body["max_tokens"])
        return Answer('{"green": {"score"', finish="length") if limits[-1] < 4000 else Answer(good_text(call.prompt))

    labelling.write([article(1)])
    with OracleServer(behave) as server:
        labelling.label(server, "--max-tokens", 1000, "--max-attempts", 2)
        labelling.label(server, "--max-tokens", 1000, "--max-attempts", 4)
    assert limits == [1000, 2000, 4000]
    assert len(labelling.read("labels")) == 1


def test_labels_feed_data_prepare(labelling: LabellingFixture) -> None:
    """Without any conversion."""
    labelling.write([article(number) for number in range(60)])
    with OracleServer() as server:
        labelling.label(server)
    output = labelling.folder / "prepared.jsonl"
    done = run_cli(
        "data",
        "prepare",
        labelling.filter,
        "--articles",
        labelling.articles,
        "--labels",
        labelling.labels,
        "-o",
        output,
    )
    assert done.exit_code == OK, done.output
    assert len(output.read_text(encoding="utf-8").splitlines()) == 60


def test_labels_that_would_be_lost_are_kept(labelling: LabellingFixture) -> None:
    """Of another origin, or of articles that are not given now."""
    with OracleServer() as server:
        labelling.label(server)
        before = labelling.labels.read_bytes()
        labelling.write([article(1)])
        fewer = labelling.label(server)
        labelling.labels.write_text(json.dumps({"id": "a1", "scores": {}}) + "\n", encoding="utf-8")
        strange = labelling.label(server)
        assert server.n_calls == 12
    assert (fewer.exit_code, strange.exit_code) == (USAGE, USAGE)
    assert "articles.jsonl does not have (11" in fewer.output
    assert "not from this store" in strange.output
    assert before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("ARTICLES", "-"), "must be a file"),
        (("ARTICLES", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
        (("--articles", "twice.jsonl"), "Give the articles once"),
        (("--price-in", 1), "--price-in and --price-out together"),
        (("--budget", -1), "--budget"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_wrong_use_is_told_before_anything_is_sent(
    labelling: LabellingFixture, options: tuple[object, ...], says: str
) -> None:
    """With exit status 2."""
    with OracleServer() as server:
        arguments = labelling.arguments(server)
        if options[0] == "ARTICLES":
            arguments[1], options = str(options[1]), ()
        done = run_cli(*arguments, *options)
        assert server.n_calls == 0
    assert done.exit_code == USAGE
    assert says in done.output


def test_articles_are_read_as_score_reads_them(labelling: LabellingFixture) -> None:
    """CSV and compressed files, too; JSON lines in a pipe are refused, since they are read more than once."""
    table = labelling.folder / "articles.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(article(0)))
        writer.writeheader()
        writer.writerows(article(number) for number in range(3))
    packed = labelling.folder / "articles.jsonl.gz"
    packed.write_bytes(gzip.compress(labelling.articles.read_bytes()))
    os.mkfifo(labelling.folder / "pipe.jsonl")
    with OracleServer() as server:
        for path, n, status in ((table, 3, OK), (packed, 12, OK), (labelling.folder / "pipe.jsonl", 0, USAGE)):
            output = labelling.folder / f"{path.stem}-{path.suffix[1:]}.jsonl"
            arguments = labelling.arguments(server, "openai", "-o", output)
            done = run_cli(arguments[0], path, *arguments[2:])
            assert done.exit_code == status, done.output
            assert not n or len(output.read_text(encoding="utf-8").splitlines()) == n


def test_articles_may_be_given_as_an_option(labelling: LabellingFixture) -> None:
    """As scripts do."""
    with OracleServer() as server:
        command, articles, *others = labelling.arguments(server)
        assert run_cli(command, "--articles", articles, *others).exit_code == OK
    assert len(labelling.read("labels")) == 12


def test_report_for_programs_and_for_people(labelling: LabellingFixture) -> None:
    """The same figures on standard output as in the folder beside the labels."""
    with OracleServer() as server:
        printed = json.loads(labelling.label(server, "--format", "json").output)
        assert printed == labelling.report
        assert labelling.label(server, "--quiet").output == ""
    text = (labelling.records / "report.txt").read_text(encoding="utf-8")
    assert "articles: 12 given, 12 labelled (0 now)" in text
    assert f"labels:   {labelling.labels}" in text


def test_progress_is_shown_on_a_terminal_only(labelling: LabellingFixture) -> None:
    """With what is labelled, the rate and the cost."""
    screen, terminal = os.openpty()
    with OracleServer(lambda call: Answer(good_text(call.prompt), delay=0.2)) as server:
        command = labelling.command(server, "--concurrency", 2)
        done = processes.run(*command, stdout=subprocess.PIPE, stderr=terminal, check=True)
        shown = os.read(screen, 100_000).decode()
    os.close(screen)
    os.close(terminal)
    assert " labelled, " in shown
    assert "/s, $0.00" in shown
    assert b"labelled, " not in done.stdout


def test_missing_options_are_named_at_once() -> None:
    """All of them."""
    done = run_cli("label", "--filter", "garden")
    assert done.exit_code == USAGE
    assert "ARTICLES, -o, --provider, --model" in done.output


@pytest.mark.skipif(not REAL.exists(), reason=f"needs the real articles at {REAL}")
def test_real_articles(labelling: LabellingFixture) -> None:
    """Of many languages, with all that real texts hold."""
    lines = REAL.read_text(encoding="utf-8").splitlines()[:60]
    labelling.articles.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with OracleServer(misbehaving(DIMENSIONS, silence=5)) as server:
        labelling.label(server, "--timeout", 0.3, "--concurrency", 16)
    articles = labelling.report["articles"]
    assert labelling.most_attempts() <= 5
    assert (
        articles["labelled"] + articles["dead_letters"] + articles["left"] + sum(articles["set_aside"].values()) == 60
    )
    assert is_sound(labelling.read("labels"))
