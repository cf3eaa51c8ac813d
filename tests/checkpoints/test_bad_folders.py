"""A folder that cannot be read is refused: which file, what was expected; nothing is written."""

import itertools
import json
import random
import shutil

import numpy as np
import pytest

from kerasbert import cli
from kerasbert.checkpoints.convert import convert
from kerasbert.checkpoints.families import family_of
from kerasbert.checkpoints.public_folder import PublicFolder
from kerasbert.errors import InputError

# Refused before a backend computes anything.
pytestmark = pytest.mark.in_turn


@pytest.fixture
def folder(public_models, tmp_path):
    """A copy of a small BERT."""
    shutil.copytree(public_models / "bert", tmp_path / "bert")
    return tmp_path / "bert"


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refused(folder, said):
    out = folder.parent / "deep" / "run"
    with pytest.raises(InputError, match=said):
        convert(folder, out)
    assert not out.parent.exists()


@pytest.mark.parametrize(
    "values, said",
    [
        ({"model_type": "gpt2"}, "model_type 'gpt2' is not read, expected one of bert"),
        ({"model_type": None}, "model_type None is not read"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'relative_key'"),
        ({"auto_map": {"AutoModel": "modeling.X"}}, "code of its own"),
        ({"quantization_config": {"bits": 4}}, "its weights are quantized"),
        ({"is_decoder": True}, "is_decoder True"),
        ({"pruned_heads": {"0": [1]}}, "attention heads were pruned"),
        ({"hidden_act": "mish"}, "hidden_act 'mish' is unknown"),
        ({"hidden_size": "24"}, "hidden_size: expected a number"),
        ({"hidden_size": 24.5}, "hidden_size: expected a whole number"),
        ({"hidden_size": 25}, "cannot be divided by 3"),
        ({"hidden_size": 48}, "has the shape .* config.json describes"),
        ({"num_hidden_layers": 3}, "encoder.layer.2.attention.self.query.weight is missing"),
        ({"num_hidden_layers": 0}, "layers: expected 1 or more"),
        ({"vocab_size": 10}, "has the shape"),
        ({"layer_norm_eps": 0.0}, "epsilon: expected more than 0"),
        ({"pad_token_id": 3}, "padding is id 3 in config.json and 0 in the tokenizer"),
    ],
)
def test_a_config_that_is_not_read(folder, values, said):
    change(folder / "config.json", **values)
    refused(folder, said)


STRANGE = [None, [], {}, "x", [1], {"x": {}}, -1, 0, 3, 1e308, 0.5, True, 10**12]


@pytest.mark.parametrize("name", ["bert", "roberta", "distilbert", "electra", "modernbert"])
def test_no_setting_is_more_than_an_error(public_models, tmp_path, name):
    path = tmp_path / "config.json"
    (tmp_path / "model.safetensors").write_bytes(b"")
    whole = json.loads((public_models / name / "config.json").read_text())
    for setting, value in itertools.product(whole, STRANGE):
        path.write_text(json.dumps(whole | {setting: value}))
        try:
            settings = PublicFolder(tmp_path).settings
            family_of(settings).architecture(settings)
        except InputError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize(
    "name, said",
    [
        ("pytorch_model.bin", r"a pickle can run code .*save_pretrained"),
        ("tf_model.h5", r"tf_model\.h5 is not read, expected model\.safetensors"),
        ("README.md", "no weights are there"),
    ],
)
def test_weights_of_another_kind(folder, name, said):
    (folder / "model.safetensors").rename(folder / name)
    refused(folder, said)


def test_an_adapter_is_no_model(folder):
    (folder / "adapter_config.json").write_text("{}")
    refused(folder, "an adapter is not a whole model")


def test_what_is_no_folder_of_a_model(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        convert(tmp_path / "none", tmp_path / "run")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"config\.json: cannot be read"):
        convert(tmp_path / "empty", tmp_path / "run")


def damaged(data: bytes):
    """What may have become of a file of safetensors, by name."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    name = next(name for name in header if name != "__metadata__")

    def with_header(**changes):
        text = json.dumps(header | {name: header[name] | changes}).encode()
        return len(text).to_bytes(8, "little") + text + data[8 + size :]

    yield "cut", data[: len(data) // 2]
    yield "cut in its header", data[:20]
    yield "empty", b""
    yield "a header of a terabyte", (1 << 40).to_bytes(8, "little") + data[8:]
    yield "no JSON", data[:8] + b"x" * size + data[8 + size :]
    yield "offsets out of range", with_header(data_offsets=[0, 1 << 40])
    yield "offsets backwards", with_header(data_offsets=[100, 0])
    yield "another shape", with_header(shape=[1 << 40])
    yield "another type", with_header(dtype="F128")
    yield "more behind it", data + b"more"


def test_damaged_weights_are_named(folder):
    path = folder / "model.safetensors"
    for what, data in damaged(path.read_bytes()):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"model\.safetensors"):
            convert(folder, folder.parent / "run")
        assert not (folder.parent / "run").exists(), what


def test_no_change_of_a_header_is_more_than_an_error(folder):
    chance = random.Random(0)
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(8 + size)] = chance.randrange(256)
        path.write_bytes(changed)
        try:
            convert(folder, folder.parent / "run")
        except InputError as error:
            assert str(path) in str(error)
        shutil.rmtree(folder.parent / "run", ignore_errors=True)


def test_weights_of_few_bits_are_refused(folder):
    from safetensors.numpy import load_file, save_file

    path = folder / "model.safetensors"
    tensors = load_file(path)
    name = "encoder.layer.0.output.dense.weight"
    save_file(tensors | {name: tensors[name].astype(np.int8)}, path)
    refused(folder, f"{name} is stored as I8, expected one of")


def test_shards(public_models, tmp_path):
    folder = tmp_path / "shards"
    shutil.copytree(public_models / "bert-shards", folder)
    shard = sorted(folder.glob("model-*.safetensors"))[1]
    shard.rename(tmp_path / shard.name)
    refused(folder, "no such file. Download the model again")
    shard.symlink_to(shard)
    refused(folder, "no such file. Download the model again")
    index = folder / "model.safetensors.index.json"
    shard.unlink()
    places = json.loads(index.read_text())["weight_map"]
    outside = {
        name: place.replace(shard.name, f"../{shard.name}") for name, place in places.items()
    }
    index.write_text(json.dumps({"weight_map": outside}))
    refused(folder, "is not the name of a file in this folder")
    other = next(name for name in places if places[name] != shard.name)
    (tmp_path / shard.name).rename(shard)
    index.write_text(json.dumps({"weight_map": places | {other: shard.name}}))
    refused(folder, f"{other} is not in it, though")
    index.write_text("[]")
    refused(folder, "expected a JSON object")


def test_a_tokenizer_of_another_model(folder):
    with (folder / "vocab.txt").open("a", encoding="utf-8") as file:
        file.write("more\n")
    refused(folder, "the tokenizer has 67 tokens, the model 66 rows")


def test_the_command_says_it_in_one_line(folder, capsys):
    change(folder / "config.json", model_type="t5")
    out = folder.parent / "run"
    assert cli.main(["convert", str(folder), "--out", str(out)]) == 2
    *_, said = capsys.readouterr().err.splitlines()  # above it stands the backend
    assert said.startswith("kerasbert convert: ") and "model_type 't5' is not read" in said
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("x")
    assert cli.main(["convert", str(folder), "--out", str(out)]) == 2
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
