"""Base models: where they are looked for, in which order, and that every file is checked."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from distillery.config import BaseModelConfig
from distillery.errors import BaseModelNotFoundError, WeightsError
from distillery.plugins.host import forget_plugins
from distillery.students import base_models
from distillery.students.base_models import check_files, resolve_base_model, sha256_of

MODEL = "acme/tiny"
REVISION = "ab" * 20
FILES = {"config.json": b"{}", "model.safetensors": b"weights", "tokenizer.json": b"[]"}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}

RunPython = Callable[..., str]


def model_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def expected(**settings: object) -> BaseModelConfig:
    return BaseModelConfig.model_validate({"model": MODEL, "sha256": SHA256} | settings)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A function that installs a host plugin with the given source, as pip would."""
    site = tmp_path / "site"
    information = site / "acme_models-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-models\nVersion: 1.0\n", encoding="utf-8")
    (information / "entry_points.txt").write_text("[distillery.plugins]\nacme = acme_models\n", encoding="utf-8")

    def write(source: str) -> None:
        (site / "acme_models.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        forget_plugins()

    yield write
    forget_plugins()
    sys.modules.pop("acme_models", None)


def provider_of(folder: Path) -> str:
    return (
        "from pathlib import Path\nfrom distillery import hookimpl\n\n\n@hookimpl\ndef distillery_base_models():\n"
        f"    return {{{MODEL!r}: lambda: Path({str(folder)!r})}}\n"
    )


def test_a_configured_path_comes_first(tmp_path: Path, install: Callable[[str], None]) -> None:
    install(provider_of(model_folder(tmp_path / "provided")))
    own = model_folder(tmp_path / "own")

    assert resolve_base_model(expected(path=own)) == own


def test_a_provider_comes_next(tmp_path: Path, install: Callable[[str], None]) -> None:
    provided = model_folder(tmp_path / "provided")
    install(provider_of(provided))

    assert resolve_base_model(expected(path=tmp_path / "absent", revision=REVISION)) == provided


@pytest.mark.parametrize("when", ["asked", "called"])
def test_a_provider_that_fails_is_passed_over_by_name(
    tmp_path: Path, install: Callable[[str], None], when: str
) -> None:
    broken = provider_of(tmp_path)
    install(broken.replace("return", "1 / 0;") if when == "asked" else broken.replace("Path(", "(1 / 0)("))

    with pytest.raises(BaseModelNotFoundError, match=r"acme-models 1.0"):
        resolve_base_model(expected())


def hub(tmp_path: Path, *files: str) -> Path:
    """Lay out a Hub cache as huggingface_hub does, with only some of the model's files."""
    snapshot = model_folder(tmp_path / "hub" / "models--acme--tiny" / "snapshots" / REVISION)
    for path in snapshot.iterdir():
        if path.name not in files:
            path.unlink()
    return tmp_path / "hub"


def resolve(sha256: dict[str, str] = SHA256) -> str:
    """Return code that prints the folder found, or the error."""
    return f"""
from distillery import DistilleryError
from distillery.students.base_models import resolve_base_model
from distillery.config import BaseModelConfig

try:
    print(resolve_base_model(BaseModelConfig(model={MODEL!r}, revision={REVISION!r}, sha256={sha256})))
except DistilleryError as error:
    print(type(error).__name__, error)
"""


def test_the_hubs_cache_is_read_offline(run_python: RunPython, tmp_path: Path) -> None:
    cache = hub(tmp_path, *FILES)

    found = run_python(resolve(), HF_HUB_CACHE=cache, HF_HUB_OFFLINE=1)

    assert found == str(cache / "models--acme--tiny" / "snapshots" / REVISION)


def test_a_cached_file_with_another_sha256_is_refused(run_python: RunPython, tmp_path: Path) -> None:
    cache = hub(tmp_path, *FILES)

    assert run_python(
        resolve(SHA256 | {"model.safetensors": "0" * 64}), HF_HUB_CACHE=cache, HF_HUB_OFFLINE=1
    ).startswith("WeightsError")


def test_a_cache_that_holds_only_part_of_the_model_does_not_count(run_python: RunPython, tmp_path: Path) -> None:
    """Other programs fetch a config or a tokenizer alone; the rest must still come from the Hub."""
    cache = hub(tmp_path, "config.json")

    found = run_python(resolve(), HF_HUB_CACHE=cache, HF_HUB_OFFLINE=1)

    assert found.startswith("BaseModelNotFoundError")


HUB = f"""
import http.server, json, os, threading

FILES = {FILES | {"pytorch_model.bin": b"pickled"}}

class Hub(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        if "/resolve/" in self.path:
            self.answer(FILES[name], "application/octet-stream")
        elif "/tree/" in self.path:
            self.answer_json([{{"type": "file", "path": n, "size": len(c), "oid": n}} for n, c in FILES.items()])
        else:
            files = [{{"rfilename": n}} for n in FILES]
            self.answer_json({{"id": "acme/tiny", "sha": "{REVISION}", "siblings": files}})

    do_HEAD = do_GET

    def answer_json(self, value):
        self.answer(json.dumps(value).encode(), "application/json")

    def answer(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", kind)
        self.send_header("X-Repo-Commit", "{REVISION}")
        self.send_header("ETag", '"' + str(hash(content)) + '"')
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{{server.server_port}}"
"""


def test_the_hub_comes_last_and_fills_its_cache(run_python: RunPython, tmp_path: Path) -> None:
    variables = {"HF_HUB_CACHE": tmp_path / "hub", "HF_HUB_DISABLE_XET": 1}

    fetched = run_python(HUB + resolve(), **variables, HF_HUB_OFFLINE=0)
    cached = run_python(resolve(), **variables, HF_HUB_OFFLINE=1)

    assert fetched == cached
    assert sorted(path.name for path in Path(fetched).iterdir()) == sorted(FILES), "and nothing else"


def test_an_incomplete_cache_is_completed_from_the_hub(run_python: RunPython, tmp_path: Path) -> None:
    cache = hub(tmp_path, "config.json")

    found = run_python(HUB + resolve(), HF_HUB_CACHE=cache, HF_HUB_DISABLE_XET=1, HF_HUB_OFFLINE=0)

    assert (Path(found) / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_not_found_says_all_that_was_tried_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BaseModelNotFoundError) as missing:
        resolve_base_model(expected(path=tmp_path / "absent", revision=REVISION, package="acme-models==1.0"))

    message = str(missing.value)
    assert "The base model acme/tiny was not found." in message
    assert f"folder {tmp_path / 'absent'}; provider packages (" in message
    assert f"the Hub's cache ({MODEL}@{REVISION[:7]}: " in message
    assert f"the Hub ({MODEL}@{REVISION[:7]}: " in message
    assert 'pip install --force-reinstall "acme-models==1.0"' in message


def test_the_hub_is_not_asked_for_a_revision_that_is_not_pinned() -> None:
    with pytest.raises(BaseModelNotFoundError, match=r"the Hub \(not asked: the config pins no revision\)"):
        resolve_base_model(expected())


def test_offline_never_asks_the_hub() -> None:
    with pytest.raises(BaseModelNotFoundError) as missing:
        resolve_base_model(expected(revision=REVISION), offline=True)

    assert "the Hub's cache (" in str(missing.value)
    assert "the Hub (" not in str(missing.value)


def test_a_changed_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "own")
    (folder / "model.safetensors").write_bytes(b"other weights")

    with pytest.raises(WeightsError) as refused:
        resolve_base_model(expected(path=folder, package="acme-models==1.0"))

    message = str(refused.value)
    assert f"{MODEL}: model.safetensors has sha256 " in message
    assert f"its config says {SHA256['model.safetensors'][:12]}...." in message
    assert str(folder) in message
    assert 'pip install --force-reinstall "acme-models==1.0"' in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "own")
    (folder / "model.safetensors").unlink()

    with pytest.raises(WeightsError, match=r"acme/tiny: .*model.safetensors is missing"):
        resolve_base_model(expected(path=folder))


def test_a_folder_in_a_files_place_is_missing_it(tmp_path: Path) -> None:
    (model_folder(tmp_path / "own") / "model.safetensors").unlink()
    (tmp_path / "own" / "model.safetensors").mkdir()

    with pytest.raises(WeightsError, match="is missing"):
        check_files(tmp_path / "own", SHA256, owner="it", remedy="Repair it.")


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "own")

    assert {name: sha256_of(folder / name) for name in FILES} == SHA256


def test_a_large_file_is_read_again_only_if_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    digest = base_models._digest
    monkeypatch.setattr(base_models, "_digest", lambda path: read.append(path) or digest(path))
    path = tmp_path / "weights"
    path.write_bytes(b"\0" * 2**20)

    first, again = sha256_of(path), sha256_of(path)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    touched = sha256_of(path)
    path.write_bytes(b"\1" * (2**20 + 1))

    assert first == again == touched == hashlib.sha256(b"\0" * 2**20).hexdigest()
    assert sha256_of(path) == hashlib.sha256(b"\1" * (2**20 + 1)).hexdigest()
    assert len(read) == 3
