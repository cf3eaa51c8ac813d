"""`hf://`: the client fetches what is read, and nothing else; what goes wrong is said."""

import json
import socket

import pytest
from hub_server import Hub

from kerasbert.checkpoints.hub import fetch
from kerasbert.errors import InputError

constants = pytest.importorskip("huggingface_hub.constants")

NEEDED = {
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": bytes(range(256)) * 2000,
    "tokenizer.json": b'{"a": 1}',
    "tokenizer_config.json": b'{"b": 1}',
    "modules.json": b"[]",
    "1_Pooling/config.json": b"{}",
}
OTHERS = {
    "pytorch_model.bin": b"pickle",
    "README.md": b"# card",
    "onnx/model.onnx": b"onnx",
    "model.onnx": b"x",
    "tokenizer.model": b"x",
}


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def use(url, cache, monkeypatch):
    """The client reads its environment when it is imported, which other tests have done."""
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    write(tmp_path / "model", NEEDED | OTHERS)
    server = Hub(tmp_path / "model")
    use(server.url, tmp_path / "cache", monkeypatch)
    yield server
    server.close()


@pytest.mark.parametrize("address", ["hf://me/model", "hf:/me/model@refs/pr/1"])
def test_what_is_read_is_fetched_and_nothing_else(address, hub):
    folder, source = fetch(address)
    assert source == f"hf://me/model@{hub.commit}"
    assert set(hub.sent) == set(NEEDED)
    for name, content in NEEDED.items():
        assert (folder / name).read_bytes() == content
    before = len(hub.sent)
    fetch(source)  # all of it is in the cache
    assert len(hub.sent) == before


def test_shards_are_those_of_the_index(hub, monkeypatch):
    (hub.folder / "model.safetensors").unlink()
    places = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    more = dict.fromkeys([*places.values(), "model-of-another.safetensors"], b"weights")
    index = {"model.safetensors.index.json": json.dumps({"weight_map": places}).encode()}
    write(hub.folder, more | index)
    folder, _ = fetch("hf://me/model")
    found = {path.name for path in folder.glob("*.safetensors")}
    assert found == set(places.values())


def test_a_download_that_breaks_off_goes_on(hub, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1 << 16)  # what it writes at a time
    hub.breaks = {"model.safetensors"}
    folder, _ = fetch("hf://me/model")
    assert (folder / "model.safetensors").read_bytes() == NEEDED["model.safetensors"]
    assert [one for one in hub.ranges if not one.startswith("bytes=0-")]


def test_offline_the_cache_is_enough(hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match=r"not all of it is in the cache .* HF_HUB_OFFLINE is set"):
        fetch("hf://me/model")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    folder, _ = fetch("hf://me/model")
    hub.asked.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch("hf://me/model")[0] == folder and not hub.asked


def test_the_token_of_the_client_is_sent(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch("hf://me/model")
    assert set(hub.tokens) == {"Bearer hf_secret"}


@pytest.mark.parametrize(
    "address, status, said",
    [
        ("hf://me/other", (), "hf://me/other: no such model, or one that is private"),
        ("hf://me/model@none", (), "there is no revision 'none'"),
        ("hf://me/model", (403, "GatedRepo"), "a gated model. Accept its conditions at http"),
        ("hf://me/model", (500, ""), "cannot be reached"),
        ("hf://model", (), "expected hf://owner/name"),
        ("hf://me/model/more", (), "expected hf://owner/name"),
        ("hf://me/../x", (), "expected hf://owner/name"),
    ],
)
def test_what_goes_wrong_is_said(address, status, said, hub, tmp_path):
    hub.status = {"me/model": status} if status else {}
    with pytest.raises(InputError, match=said):
        fetch(address)
    assert not list((tmp_path / "cache").rglob("*.safetensors"))


def test_without_network(tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    use(f"http://127.0.0.1:{port}", tmp_path / "cache", monkeypatch)
    with pytest.raises(InputError, match=r"cannot be reached\. Check network and proxy"):
        fetch("hf://me/model")


def test_a_pickle_is_named(hub):
    (hub.folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"it has pytorch_model\.bin, which is a pickle"):
        fetch("hf://me/model")
    assert "pytorch_model.bin" not in hub.sent
