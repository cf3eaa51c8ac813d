"""Models of the same texts with the special tokens elsewhere: equal logits and equal losses."""

import keras
import numpy as np
import pytest
from few_blocks import FEW_BLOCKS
from made_tokenizers import layout_stores

from kerasbert import (
    DocumentWords,
    EpochF1,
    LabeledBatches,
    LabelSet,
    MaskedLM,
    ObjectiveValidation,
    PretrainingBatches,
    TextCNNConfig,
    TransformerConfig,
    build_classifier,
    build_embedding,
    build_encoder,
    build_encoder_model,
    build_pretrain_model,
    compile_pretrain,
    read_labeled,
)
from kerasbert.batches import Windows
from kerasbert.batches.labeled import predict_logits
from kerasbert.errors import InputError
from kerasbert.heads.classification.linear_svm import fit_token_scores
from kerasbert.layers import Pooling, TextEmbedding

SIZES = {"d_model": 16, "dropout": 0.0}


@pytest.fixture(scope="module")
def stores(files, tmp_path_factory):
    return layout_stores(files / "raw.txt", tmp_path_factory.mktemp("layouts"))


def layers(tokenizer, encoder):
    """Embedding and encoder with random weights that are the same for each token in each layout."""
    config = {"text-cnn": TextCNNConfig, "transformer": TransformerConfig}[encoder](
        vocabulary_size=tokenizer.vocabulary_size,
        pad_id=tokenizer.special.pad,
        **SIZES,
        **FEW_BLOCKS[encoder],
    )
    embedding = build_embedding(config)
    embedding.build((None, None))
    vocabulary = tokenizer.vocabulary
    rows = np.random.default_rng(0).normal(size=(len(vocabulary), 16))
    table = np.zeros_like(rows)
    table[[vocabulary[token] for token in sorted(vocabulary)]] = rows
    embedding.token_table.assign(table)
    return embedding, build_encoder(config)


@pytest.mark.parametrize("encoder", ["text-cnn", "transformer"])
@pytest.mark.parametrize("windows", [None, Windows(2, 4)])
def test_a_classifier(stores, files, encoder, windows):
    documents = read_labeled(files / "train.txt")
    labels = LabelSet.from_documents(documents)
    found = []
    for store in stores.values():
        length = 30 if windows is None else 8
        data = LabeledBatches(
            documents, store.tokenizer, labels, max_length=length, windows=windows
        )
        model = build_classifier(
            *layers(store.tokenizer, encoder),
            len(labels),
            pooling=Pooling("mean-max", lead=0 if windows else 4, name="pooling"),
            window=None if windows is None else length,
            token_scores=store.tokenizer.vocabulary_size,
        )
        fit_token_scores(model.get_layer("token_scores"), data, data)
        found.append(predict_logits(model, data.texts, batch_size=37))
    np.testing.assert_allclose(found[1], found[0], atol=1e-4)
    np.testing.assert_allclose(found[2], found[0], atol=1e-4)


@pytest.mark.parametrize("pack", [False, True])
def test_losses_of_pretraining(stores, pack):
    found = []
    for store in stores.values():
        size, shares = store.tokenizer.vocabulary_size, store.token_shares()
        tasks = [] if pack else [DocumentWords(size, shares)]
        tasks += [MaskedLM(size, shares=shares)]
        embedding, encoder = layers(store.tokenizer, "text-cnn")
        model = build_pretrain_model(embedding, encoder, tasks, packed=pack)
        compile_pretrain(model, tasks, keras.optimizers.SGD(0.1))
        gap = encoder.document_gap if pack else 0
        batches = PretrainingBatches(store, tasks, max_length=16, batch_size=8, pack=pack, gap=gap)
        losses = [np.ravel(model.train_on_batch(*batches.batch(step)))[0] for step in range(3)]
        valid = PretrainingBatches(store, tasks[-1:], max_length=16, part="valid")
        scores = ObjectiveValidation({tasks[-1]: valid}, 64).scores(model)
        found.append([*losses, *scores.values()])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-3)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-3)


def test_an_encoder_with_both_outputs_reads_no_padding(stores):
    tokenizer = stores["last"].tokenizer
    model = build_encoder_model(*layers(tokenizer, "text-cnn"))
    ids = np.array([[5, 6, 7, *[tokenizer.special.pad] * 3]])
    wide, narrow = (
        model.predict({"token_ids": x, "segment_ids": 0 * x}, verbose=0) for x in (ids, ids[:, :3])
    )
    np.testing.assert_allclose(wide["pooled"], narrow["pooled"], atol=1e-6)


def test_a_model_that_takes_another_id_for_padding_is_refused(stores, files):
    tokenizer = stores["last"].tokenizer
    documents = read_labeled(files / "train.txt")
    labels = LabelSet.from_documents(documents)
    data = LabeledBatches(documents, tokenizer, labels, max_length=20)
    config = TextCNNConfig(vocabulary_size=tokenizer.vocabulary_size, **SIZES)
    model = build_classifier(build_embedding(config), build_encoder(config), len(labels))
    message = rf"pads with id {tokenizer.special.pad}, the model takes id 0"
    with pytest.raises(InputError, match=message):
        predict_logits(model, data.texts)
    model.compile("sgd", "mse")
    with pytest.raises(InputError, match=message):  # before the first step, not after the epoch
        model.fit(data.stream(), steps_per_epoch=10**6, callbacks=[EpochF1(data)], verbose=0)


def test_what_was_saved_before_there_was_a_pad_id_loads_with_0():
    layer = TextEmbedding(10, 4, pad_id=7)
    config = layer.get_config()
    assert TextEmbedding.from_config(config).pad_id == 7
    del config["pad_id"]
    assert TextEmbedding.from_config(config).pad_id == 0
