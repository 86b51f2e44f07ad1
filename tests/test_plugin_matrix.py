"""One thing wrong at a time: each broken filter fails with its own clear error and harms nothing else.

Every case has a clean environment with the core, the good filter 'steady' and what is broken.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml
from broken_filters import CASES, Case
from checks import FAILED, OK, USAGE, assert_commands_work, assert_fails, faults_from_doctor
from tiny_student import TinyStudent
from venvs import CleanVenv, NewVenv, Outcome
from wheels import OFFERS_ITS_FOLDER, TINY_VERSION, tiny_config, tiny_filter_wheel, tiny_wheel

STEADY_VERSION = "load_config('steady').version"
LISTED = "[f'{item.name} {item.version}' for item in list_filters()]"


@dataclass(frozen=True)
class CaseResult:
    """A case in its environment, and the results of three processes.

    One used in Python the broken filter and then the good one, one was doctor, and one a command
    that needs the broken filter.
    """

    case: Case
    venv: CleanVenv
    broken: Outcome
    steady: Outcome
    listed: Outcome
    doctor: CompletedProcess[str]
    command: CompletedProcess[str]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.id.replace(" ", "-"))
def trial(
    request: pytest.FixtureRequest,
    new_venv: NewVenv,
    steady_wheel: Path,
    student: TinyStudent,
    tmp_path_factory: pytest.TempPathFactory,
) -> CaseResult:
    """A case, installed and run."""
    case: Case = request.param
    venv = new_venv(steady_wheel, case.build(tmp_path_factory.mktemp("broken"), student))
    (venv.work / "articles.jsonl").write_text('{"title": "A bridge", "content": "It opened on Monday."}\n')
    command = ["score", "articles.jsonl", "--filter"] if case.needs == "load_filter" else ["info"]
    with ThreadPoolExecutor() as pool:
        outcomes = pool.submit(venv.evaluate, f"{case.needs}('broken')", STEADY_VERSION, LISTED)
        doctor = pool.submit(venv.distillery, "doctor", "--format", "json")
        failed = pool.submit(venv.distillery, *command, "broken")
    broken, steady, listed = outcomes.result()
    return CaseResult(case, venv, broken, steady, listed, doctor.result(), failed.result())


def test_broken_filter_raises_its_own_error(trial: CaseResult) -> None:
    """The error is of the right class, and names the object, its full version and the remedy."""
    assert trial.broken.error == trial.case.error, trial.broken
    assert "DistilleryError" in trial.broken.family
    assert "KeyError" not in trial.broken.family
    assert trial.broken.cause == trial.case.cause
    for text in trial.case.says:
        assert text in trial.broken.message
    for text in trial.case.never_says:
        assert text not in trial.broken.message


def test_good_filter_works_in_the_same_process(trial: CaseResult) -> None:
    """After the failure the good filter still loads, and the list still shows both."""
    assert trial.steady.value == TINY_VERSION, trial.steady
    assert trial.listed.value == [f"broken {TINY_VERSION}", f"steady {TINY_VERSION}"]


def test_commands_are_unharmed(trial: CaseResult) -> None:
    """list, --help, --version and info work; list shows a fault only if the metadata shows it."""
    in_metadata = trial.broken.message if trial.case.in_metadata else None
    assert assert_commands_work(trial.venv) == {"broken": in_metadata, "steady": None}


def test_doctor_reports_only_the_broken_filter(trial: CaseResult) -> None:
    """Doctor says what loading says, and exits 1."""
    assert (trial.doctor.returncode, trial.doctor.stderr) == (FAILED, "")
    broken, steady = json.loads(trial.doctor.stdout)["filters"]
    assert (broken["name"], steady["name"], steady["fault"]) == ("broken", "steady", None)
    for text in trial.case.says:
        assert text in broken["fault"]


def test_command_on_the_broken_filter_fails_cleanly(trial: CaseResult) -> None:
    """It prints the same message on stderr and exits 1, without a traceback."""
    done = trial.command
    assert (done.returncode, done.stdout, done.stderr) == (FAILED, "", f"error: {trial.broken.message}\n")


CHECK_THE_NAME = "Check the name (distillery list).  The package of a filter is called distillery-filter-NAME."
MEANT = "Did you mean 'steady'?"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("belonging", CHECK_THE_NAME),
        ("", CHECK_THE_NAME),
        ("stedy", MEANT),
        ("Steady_", MEANT),
        ("distillery-filter-steady", MEANT),
        ("distillery_filter_stedy", MEANT),
    ],
)
def test_unknown_name(steady_venv: CleanVenv, name: str, advice: str) -> None:
    """The message has the name as written, what is installed and the nearest name; it never says to install a typo."""
    unknown, steady = steady_venv.evaluate(f"load_filter({name!r})", STEADY_VERSION)
    assert unknown.error == "FilterNotFoundError"
    assert steady.value == TINY_VERSION
    assert unknown.message == f"No filter '{name}' is installed.  Installed: steady {TINY_VERSION}\n  {advice}"
    for command in (["info", name], ["doctor", name]):
        assert_fails(steady_venv, *command, status=USAGE, message=unknown.message)


def test_folder_of_the_name_is_suggested(steady_venv: CleanVenv) -> None:
    """A bare name is that of an installed filter; the message says how the folder is written."""
    (steady_venv.work / "local-history").mkdir()
    (unknown,) = steady_venv.evaluate("load_filter('local-history')")
    assert unknown.error == "FilterNotFoundError"
    assert unknown.message.endswith("\n  There is a folder of that name here; to use it, write ./local-history")


def test_names_are_read_as_pip_reads_them(steady_venv: CleanVenv) -> None:
    """Case does not matter, as in pip install."""
    assert steady_venv.evaluate("load_config('STEADY').name")[0].value == "steady"


def test_commands_work_with_nothing_broken(steady_venv: CleanVenv) -> None:
    """The environment of all other cases, without anything broken in it."""
    assert_commands_work(steady_venv)
    assert faults_from_doctor(steady_venv, status=OK) == {"steady": None}
    assert faults_from_doctor(steady_venv, "steady", status=OK) == {"steady": None}
    table = steady_venv.distillery("list")
    assert (table.returncode, table.stderr) == (OK, "")
    assert f" steady   {TINY_VERSION}     ok " in table.stdout
    assert steady_venv.distillery("list", "--requirements").stdout == f"distillery-filter-steady=={TINY_VERSION}\n"


def test_commands_work_without_any_filter(new_venv: NewVenv) -> None:
    """A core alone lists nothing, says how to install a filter, and fails on use."""
    venv = new_venv()
    assert venv.distillery("list", "--format", "json").stdout == "[]\n"
    table = venv.distillery("list")
    assert (table.returncode, table.stdout) == (OK, "")
    assert "No filters are installed" in table.stderr
    assert 'pip install "distillery-filter-' in table.stderr
    assert faults_from_doctor(venv, status=OK) == {}
    (unknown,) = venv.evaluate("load_filter('steady')")
    assert "Installed: none" in unknown.message


@pytest.fixture(scope="module")
def twice_venv(
    new_venv: NewVenv, steady_wheel: Path, student: TinyStudent, tmp_path_factory: pytest.TempPathFactory
) -> CleanVenv:
    """'twice' from its own distribution and, spelt 'Twice', from another publisher's; either alone would work."""
    folder = tmp_path_factory.mktemp
    return new_venv(
        steady_wheel,
        tiny_filter_wheel(folder("official"), name="twice", student=student, version="6.1.0"),
        tiny_filter_wheel(folder("other"), name="Twice", student=student, version="0.1", distribution="acme-twice"),
    )


def test_duplicate_is_refused(twice_venv: CleanVenv) -> None:
    """Neither is chosen: the error names both distributions and versions, and says to remove the unofficial one."""
    twice, steady, listed = twice_venv.evaluate("load_config('twice')", STEADY_VERSION, LISTED)
    assert twice.error == "DuplicateFilterError"
    assert twice.message == (
        "'twice' is provided by acme-twice 0.1 and distillery-filter-twice 6.1.0.  Remove one: pip uninstall acme-twice"
    )
    assert steady.value == TINY_VERSION
    assert listed.value == [f"steady {TINY_VERSION}", "twice 0.1", "twice 6.1.0"]


def test_commands_with_a_duplicate(twice_venv: CleanVenv) -> None:
    """The list shows both with the same fault, and doctor fails."""
    (twice,) = twice_venv.evaluate("load_config('twice')")
    assert assert_commands_work(twice_venv) == {"steady": None, "twice": twice.message}
    assert faults_from_doctor(twice_venv, status=FAILED) == {"steady": None, "twice": twice.message}
    assert_fails(twice_venv, "info", "twice", status=FAILED, message=twice.message)


def test_duplicate_within_one_distribution(
    new_venv: NewVenv, steady_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two spellings of one name in one package: the message does not advise to remove one of two equal things."""
    wheel = tiny_wheel(
        tmp_path_factory.mktemp("alias"),
        distribution="acme-alias",
        entry_points={"distillery.filters": {"a_b": "acme_alias", "a-b": "acme_alias"}},
        module_source="",
    )
    alias, steady = new_venv(steady_wheel, wheel).evaluate("load_config('a-b')", STEADY_VERSION)
    assert alias.error in {"DuplicateFilterError", "FilterContractError"}
    assert f"acme-alias {TINY_VERSION} and acme-alias {TINY_VERSION}" not in alias.message
    assert steady.value == TINY_VERSION


def test_only_the_broken_filter_of_a_distribution_has_a_fault(
    new_venv: NewVenv, steady_wheel: Path, student: TinyStudent, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of two filters in one distribution, doctor reports a fault of the broken one only."""
    good = {"__init__.py": OFFERS_ITS_FOLDER, "config.yaml": yaml.safe_dump(tiny_config("good", student))}
    wheel = tiny_wheel(
        tmp_path_factory.mktemp("pair"),
        distribution="acme-pair",
        entry_points={"distillery.filters": {"bad": "acme_pair.bad", "good": "acme_pair.good"}},
        module_source="",
        files={
            "bad.py": b"raise RuntimeError('bad')\n",
            **{f"good/{path}": text.encode() for path, text in good.items()},
            **{f"good/compact/{path.name}": path.read_bytes() for path in student.adapter.iterdir()},
        },
    )
    faults = faults_from_doctor(new_venv(steady_wheel, wheel), status=FAILED)
    assert "RuntimeError: bad" in str(faults["bad"])
    assert (faults["good"], faults["steady"]) == (None, None)


@pytest.fixture(scope="module")
def pair_venv(
    new_venv: NewVenv, steady_wheel: Path, student: TinyStudent, tmp_path_factory: pytest.TempPathFactory
) -> CleanVenv:
    """Two good filters, 'steady' and 'calm-sea'."""
    return new_venv(steady_wheel, tiny_filter_wheel(tmp_path_factory.mktemp("calm"), name="calm-sea", student=student))


def test_allow_list_leaves_a_filter_out(pair_venv: CleanVenv) -> None:
    """What DISTILLERY_FILTERS leaves out is not listed, and using it names the variable and its value."""
    allowed = {"DISTILLERY_FILTERS": " Calm_Sea , belonging"}
    steady, calm, listed = pair_venv.evaluate(
        "load_config('steady')", "load_config('calm-sea').version", LISTED, **allowed
    )
    assert steady.error == "FilterNotFoundError"
    assert steady.message.startswith(
        f"Filter 'steady' is installed, but DISTILLERY_FILTERS=' Calm_Sea , belonging' leaves it out.  "
        f"Allowed: calm-sea {TINY_VERSION}\n"
    )
    assert "unset that variable" in steady.message
    assert "pip install" not in steady.message
    assert calm.value == TINY_VERSION
    assert listed.value == [f"calm-sea {TINY_VERSION}"]
    assert_fails(pair_venv, "info", "steady", status=USAGE, message=steady.message, **allowed)


def test_allow_list_that_names_both(pair_venv: CleanVenv) -> None:
    """A filter that it names works as without the list."""
    assert_commands_work(pair_venv, DISTILLERY_FILTERS="steady,calm_sea")


def test_empty_allow_list_allows_none(pair_venv: CleanVenv) -> None:
    """An empty value is not an absent one, and the message does not advise to install what is installed."""
    steady, listed = pair_venv.evaluate("load_config('steady')", LISTED, DISTILLERY_FILTERS="")
    assert steady.error == "FilterNotFoundError"
    assert "DISTILLERY_FILTERS='' leaves it out.  Allowed: none" in steady.message
    assert listed.value == []
    table = pair_venv.distillery("list", DISTILLERY_FILTERS="")
    assert (table.returncode, table.stdout) == (OK, "")
    assert "DISTILLERY_FILTERS" in table.stderr
