"""Providers: the requests on the wire, what is said when one is missing, and providers of third parties."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import processes
import pytest
from labelling_fixture import LabellingFixture, article
from misbehaviour import fault
from oracle_server import Answer, Call, OracleServer, good_text

from distillery.plugins.host import forget_plugins
from distillery.toolkit import host_plugins
from distillery_tools.oracle import reply_schema
from distillery_tools.oracle.providers import ProviderSettings, Request, installed_providers
from distillery_tools.oracle.providers.openai_wire import request_body, request_form

OK, FAILED, USAGE = 0, 1, 2

PLUGIN = """
from distillery import hookimpl
from distillery_tools.oracle.providers import Completion, Usage


class Dice:
    batches = None

    def __init__(self, settings):
        self.model = settings.model

    async def complete(self, request):
        if "planted 3 trees" in request.text:
            raise KeyError("one is enough")
        text = '{"green": 1, "shared": 2, "tested": 3}'
        return Completion(text, Usage(prompt=10, output=5), self.model)

    async def close(self):
        pass


@hookimpl
def distillery_providers():
    return {"dice": "acme_dice:Dice"}
"""


@pytest.fixture
def dice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A distribution of a third party on the module path, with a provider."""
    folder = tmp_path / "site"
    information = folder / "acme_dice-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / "acme_dice.py").write_text(PLUGIN, encoding="utf-8")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-dice\nVersion: 1.0\n", encoding="utf-8")
    (information / "entry_points.txt").write_text("[distillery.plugins]\ndice = acme_dice\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    forget_plugins()
    yield
    sys.modules.pop("acme_dice", None)
    forget_plugins()


def test_openai_request(labelling: LabellingFixture) -> None:
    """A strict schema of the dimensions, and the parameters by the names of other endpoints."""
    labelling.write([article(1)])
    with OracleServer() as server:
        labelling.label(server, "--thinking", "low", "--max-tokens", 777)
        (call,) = server.calls
    assert call.body["response_format"]["json_schema"]["strict"] is True
    assert call.body["response_format"]["json_schema"]["schema"] == reply_schema(("green", "shared", "tested"))
    assert (call.body["temperature"], call.body["max_tokens"], call.body["reasoning_effort"]) == (0.0, 777, "low")
    assert call.headers["authorization"] == "Bearer for-loopback-only"


@pytest.mark.parametrize(("thinking", "sent"), [("0", {"thinking_budget": 0}), ("low", {"thinking_level": "LOW"})])
def test_gemini_request(labelling: LabellingFixture, thinking: str, sent: dict[str, object]) -> None:
    """A schema of the dimensions, and thinking as a budget or a level."""
    labelling.write([article(1)])
    with OracleServer() as server:
        labelling.label(server, "--thinking", thinking, "--max-tokens", 777, provider="gemini")
        (call,) = server.calls
    config = call.body["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert config["responseJsonSchema"] == reply_schema(("green", "shared", "tested"))
    assert (config["temperature"], config["maxOutputTokens"], config["thinkingConfig"]) == (0.0, 777, sent)
    assert call.headers["x-goog-api-key"] == "for-loopback-only"


def test_openai_itself_calls_the_limit_of_tokens_otherwise() -> None:
    """Its newer models refuse the old name, which other endpoints still need."""
    request = Request("text", reply_schema(("green",)), 777)
    settings = ProviderSettings(model="gpt-4.1-mini")
    for is_openai, name in ((True, "max_completion_tokens"), (False, "max_tokens")):
        form = request_form(settings, is_openai=is_openai)
        assert request_body(request, settings, form.current)[name] == 777


def test_endpoint_without_schemas_is_asked_for_less(labelling: LabellingFixture) -> None:
    """First for JSON, then for nothing; once that is known, no call is wasted on it."""

    def behave(call: Call) -> Answer:
        if "response_format" in call.body:
            return Answer(error=fault(400, "invalid_request_error"))
        return Answer(good_text(call.prompt))

    with OracleServer(behave) as server:
        done = labelling.label(server, "--concurrency", 1)
        assert server.n_calls == 12 + 2
    assert done.exit_code == OK, done.output
    assert labelling.report["calls"]["failures"] == {"request_form": 2}


@pytest.mark.parametrize(("concurrency", "max_attempts"), [(8, 5), (8, 1), (1, 1)])
def test_endpoint_without_schemas_costs_no_article_an_attempt(
    labelling: LabellingFixture, concurrency: int, max_attempts: int
) -> None:
    """Nor do the calls in flight when that is found out."""

    def behave(call: Call) -> Answer:
        if "response_format" in call.body:
            return Answer(error=replace(fault(400, "invalid_request_error"), delay=0.01 * call.number))
        return Answer(good_text(call.prompt))

    with OracleServer(behave) as server:
        done = labelling.label(server, "--concurrency", concurrency, "--max-attempts", max_attempts)
        assert server.n_calls <= 12 + 2 * concurrency
    assert done.exit_code == OK, done.output
    assert len(labelling.read("labels")) == 12


def test_schema_can_be_left_out(labelling: LabellingFixture) -> None:
    """With no call to find that out."""
    with OracleServer() as server:
        labelling.label(server, "--no-schema", "--no-temperature")
        assert server.n_calls == 12
        assert all({"response_format", "temperature"}.isdisjoint(call.body) for call in server.calls)


def test_usage_that_is_not_stated_is_estimated(labelling: LabellingFixture) -> None:
    """Some servers count no tokens; the labels then say so."""
    labelling.write([article(1)])
    with OracleServer(lambda call: Answer(good_text(call.prompt), with_usage=False)) as server:
        done = labelling.label(server)
    (label,) = labelling.read("labels")
    assert (done.exit_code, label["tokens"]) == (OK, None)
    assert label["cost"] > 0


def test_provider_of_a_third_party(labelling: LabellingFixture, dice: None) -> None:
    """It is listed and asked like our own; what it raises costs no article an attempt, and not the run."""
    assert set(installed_providers()) == {"openai", "gemini", "dice"}
    with OracleServer() as server:
        done = labelling.label(server, "--provider", "dice", "--model", "two-sixes", "--max-attempts", 2)
        assert server.n_calls == 0
        elsewhere = ("-o", labelling.folder / "other.jsonl", "--batch")
        refused = labelling.label(server, "--provider", "dice", "--model", "two-sixes", *elsewhere)
    assert done.exit_code == FAILED
    assert labelling.read("dead_letters") == []
    assert "the provider raised KeyError" in done.output
    assert len(labelling.read("labels")) == 11
    assert {label["provider"] for label in labelling.read("labels")} == {"dice"}
    assert labelling.read("labels")[0]["cost"] is None
    assert (refused.exit_code, "takes no batches" in refused.output) == (FAILED, True)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("Completion(None, None, None)", "malformed"),
        ("Completion({'green': 1}, Usage(prompt=-1), 7)", "malformed"),
        ("Completion(text, Usage(prompt='x', output=None), self.model)", None),
        ("Completion(text, {'prompt': 1}, self.model)", None),
        ("{'text': text}", "unavailable"),
        ("text", "unavailable"),
    ],
)
def test_strange_answer_of_a_third_party_ends_no_run(
    labelling: LabellingFixture, dice: None, answer: str, kind: str | None
) -> None:
    """What is no text is no reply; a usage that cannot be right is estimated."""
    module = importlib.import_module("acme_dice")
    text = PLUGIN.replace("Completion(text, Usage(prompt=10, output=5), self.model)", answer)
    Path(str(module.__file__)).write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    sys.modules.pop("acme_dice")
    options = ("--provider", "dice", "--model", "two-sixes", "--max-attempts", 1, "--price-in", 1, "--price-out", 1)
    labelling.write([article(1), article(2)])
    with OracleServer() as server:
        done = labelling.label(server, *options)
    assert done.exit_code == (FAILED if kind else OK), done.output
    assert set(labelling.report["calls"]["failures"]) == ({kind} if kind else set())
    assert labelling.report["articles"]["labelled"] == (0 if kind else 2)


def test_third_party_that_cannot_be_made_is_one_line(labelling: LabellingFixture, dice: None) -> None:
    """Whatever it raises."""
    module = importlib.import_module("acme_dice")
    text = PLUGIN.replace("self.model = settings.model", "raise RuntimeError('no dice')")
    Path(str(module.__file__)).write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    sys.modules.pop("acme_dice")
    with OracleServer() as server:
        done = labelling.label(server, "--provider", "dice", "--model", "two-sixes")
    assert done.exit_code == USAGE
    assert "The provider 'dice' cannot be made: RuntimeError: no dice" in done.output


@pytest.mark.parametrize("answer", ['{"dice": "acme_dice"}', '{"dice": 6}', '["dice"]', '{"dice": ":Dice"}'])
def test_hook_that_answers_nonsense_is_the_plugins_fault(dice: None, answer: str) -> None:
    """It is named, and the other providers stay."""
    module = importlib.import_module("acme_dice")
    Path(str(module.__file__)).write_text(PLUGIN.replace('{"dice": "acme_dice:Dice"}', answer), encoding="utf-8")
    importlib.invalidate_caches()
    sys.modules.pop("acme_dice")
    forget_plugins()
    (plugin,) = (plugin for plugin in host_plugins() if plugin.title == "acme-dice 1.0")
    assert plugin.fault
    assert "distillery_providers" in plugin.fault
    assert set(installed_providers()) == {"openai", "gemini"}


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["run", "dry-run"])
def test_unknown_provider_lists_those_that_exist(labelling: LabellingFixture, options: tuple[str, ...]) -> None:
    """As a wrong use of the command."""
    with OracleServer() as server:
        done = labelling.label(server, "--provider", "oracle-of-delphi", *options)
    assert done.exit_code == USAGE
    assert "gemini, openai" in done.output


WITHOUT = """
import sys
sys.modules["openai"] = None
from importlib.machinery import PathFinder
find = PathFinder.find_spec.__func__
PathFinder.find_spec = classmethod(lambda cls, name, *more: None if name == "openai" else find(cls, name, *more))
del sys.modules["openai"]
from distillery.cli import main
sys.argv = ["distillery", *sys.argv[1:]]
main()
"""


def test_missing_package_is_named_with_its_extra(labelling: LabellingFixture) -> None:
    """How to install it stands in the message."""
    with OracleServer() as server:
        command = [sys.executable, "-c", WITHOUT, *labelling.arguments(server)]
        done = processes.run(*command, text=True)
    assert done.returncode == USAGE
    assert 'pip install "distillery-tools[openai]"' in done.stderr
    assert "Traceback" not in done.stderr
