"""TokenScores: TF-IDF as scikit-learn has it, the mean outside of training only."""

import json
import zipfile

import keras
import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from kerasbert.layers import TokenScores

IDS = np.array([[2, 7, 9, 7, 7, 3, 0, 0], [2, 9, 8, 5, 3, 0, 0, 0]], np.int32)
LOGITS = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], np.float32)
VOCABULARY = 10


def filled(idf=None, kept=None):
    """With `kept`, of the same kernel the largest weights of each token alone."""
    layer = TokenScores(VOCABULARY, labels_per_token=kept)
    layer.build((None, 3), (None, None))
    rng = np.random.default_rng(0)
    layer.idf.assign(np.r_[np.zeros(5), rng.uniform(1, 3, 5)] if idf is None else idf)
    kernel = rng.normal(size=(VOCABULARY, 3))
    if kept:
        columns = np.argsort(-np.abs(kernel), axis=1)[:, :kept]
        kernel = np.take_along_axis(kernel, columns, axis=1)
        layer.columns.assign(columns)
    layer.kernel.assign(kernel)
    layer.bias.assign(rng.normal(size=3))
    return layer


def features(layer):
    """The dense (B, V) values of IDS."""
    ids, values = map(keras.ops.convert_to_numpy, layer.values(keras.ops.convert_to_tensor(IDS)))
    dense = np.zeros((len(IDS), VOCABULARY), np.float32)
    np.add.at(dense, (np.arange(len(IDS))[:, None], ids), values)
    return dense


def test_values_are_the_tfidf_of_scikit_learn():
    texts = [" ".join(f"t{i}" for i in row if i >= 5) for row in IDS]
    names = [f"t{i}" for i in range(5, VOCABULARY)]
    peer = TfidfVectorizer(sublinear_tf=True, vocabulary=names, token_pattern=r"\S+")
    expected = peer.fit_transform(texts).toarray()
    layer = filled(np.r_[np.zeros(5), peer.idf_])
    found = features(layer)
    np.testing.assert_allclose(found[:, 5:], expected, atol=1e-6)
    assert not found[:, :5].any()


def test_the_answer_is_the_mean_and_training_sees_the_network_alone():
    layer = filled()
    kernel, bias = map(keras.ops.convert_to_numpy, (layer.kernel, layer.bias))
    expected = (LOGITS + features(layer) @ kernel + bias) / 2
    found = keras.ops.convert_to_numpy(layer(LOGITS, IDS))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer(LOGITS, IDS, training=True)), LOGITS
    )


def test_of_each_token_the_labels_of_the_largest_weights_are_kept():
    whole, sparse = filled(), filled(kept=2)
    kernel = keras.ops.convert_to_numpy(whole.kernel)
    kernel[np.arange(VOCABULARY), np.abs(kernel).argmin(axis=1)] = 0
    whole.kernel.assign(kernel)
    found, expected = (keras.ops.convert_to_numpy(x(LOGITS, IDS)) for x in (sparse, whole))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(expected - keras.ops.convert_to_numpy(filled()(LOGITS, IDS))).max() > 0.01


def test_memory_does_not_grow_with_the_number_of_labels():
    layer = TokenScores(20_000, lead=16, labels_per_token=64)
    layer.build((None, 14_000), (None, None))
    assert sum(4 * np.prod(weight.shape) for weight in layer.weights) < 21e6  # whole: 2.2 GB
    few = TokenScores(VOCABULARY, labels_per_token=64)
    few.build((None, 3), (None, None))
    assert few.kernel.shape == few.columns.shape == (VOCABULARY, 3)
    with pytest.raises(ValueError, match="Received: 0"):
        TokenScores(VOCABULARY, labels_per_token=0)


def test_a_file_from_before_labels_were_left_out_is_loaded(tmp_path):
    inputs = [keras.Input((3,)), keras.Input((None,), dtype="int32")]
    layer = TokenScores(VOCABULARY, name="token_scores")
    model = keras.Model(inputs, layer(*inputs))
    layer.set_weights(filled().get_weights())
    model.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as new:
        parts = {name: new.read(name) for name in new.namelist()}
    config = json.loads(parts["config.json"])
    (saved,) = (x for x in config["config"]["layers"] if x["class_name"] == "TokenScores")
    assert saved["config"].pop("labels_per_token") is None
    with zipfile.ZipFile(tmp_path / "old.keras", "w") as old:
        for name, content in (parts | {"config.json": json.dumps(config)}).items():
            old.writestr(name, content)
    again = keras.models.load_model(tmp_path / "old.keras")
    expected = model.predict([LOGITS, IDS], verbose=0)
    np.testing.assert_array_equal(again.predict([LOGITS, IDS], verbose=0), expected)


def test_padding_and_a_text_without_known_tokens_change_nothing():
    layer = filled()
    short = keras.ops.convert_to_numpy(layer(LOGITS, IDS[:, :6]))
    np.testing.assert_allclose(short, keras.ops.convert_to_numpy(layer(LOGITS, IDS)), atol=1e-6)
    empty = keras.ops.convert_to_numpy(layer(LOGITS, np.array([[2, 3, 0], [0, 0, 0]], np.int32)))
    bias = keras.ops.convert_to_numpy(layer.bias)
    np.testing.assert_allclose(empty, (LOGITS + bias) / 2, atol=1e-6)


@pytest.mark.parametrize("kept", [None, 2])
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_it_is_saved_and_loaded_with_its_weights(tmp_path, policy, kept):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        inputs = [keras.Input((3,)), keras.Input((None,), dtype="int32")]
        layer = TokenScores(VOCABULARY, labels_per_token=kept, name="token_scores")
        model = keras.Model(inputs, layer(*inputs))
        layer.set_weights(filled(kept=kept).get_weights())
    finally:
        keras.config.set_dtype_policy(before)
    assert not model.trainable_weights and layer.compute_dtype == "float32"
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    expected = model.predict([LOGITS, IDS], verbose=0)
    assert expected.shape == (2, 3) and np.abs(expected - LOGITS).max() > 0.1
    np.testing.assert_array_equal(again.predict([LOGITS, IDS], verbose=0), expected)


@pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="Keras exports to ONNX on PyTorch alone"
)
@pytest.mark.parametrize("kept", [None, 2])
def test_onnx_runtime_answers_the_same(tmp_path, kept):
    onnxruntime = pytest.importorskip("onnxruntime")
    inputs = {
        "logits": keras.Input((3,), name="logits"),
        "token_ids": keras.Input((None,), dtype="int32", name="token_ids"),
    }
    layer = TokenScores(VOCABULARY, lead=2, labels_per_token=kept)
    model = keras.Model(inputs, layer(*inputs.values()))
    rng = np.random.default_rng(0)
    layer.set_weights(
        [rng.uniform(0.5, 2.9, weight.shape).astype(weight.dtype) for weight in layer.weights]
    )
    rows = {"logits": LOGITS, "token_ids": IDS}
    spec = {
        name: keras.InputSpec(shape=row.shape, dtype=row.dtype, name=name)
        for name, row in rows.items()
    }
    path = str(tmp_path / "model.onnx")
    model.export(path, "onnx", verbose=False, input_signature=[spec])
    (found,) = onnxruntime.InferenceSession(path).run(None, rows)
    np.testing.assert_allclose(found, model.predict_on_batch(rows), atol=1e-5)
