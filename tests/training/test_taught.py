"""finetune --teacher: the soft answers of a fine-tuned run to raw text, learned beside labels."""

import shutil

import keras
import numpy as np
import pytest

from kerasbert.batches.joint import LABELS
from kerasbert.batches.taught import LESSONS, TaughtBatches
from kerasbert.errors import InputError
from kerasbert.heads.classification.head import Classification
from kerasbert.heads.classification.losses import SoftLabels
from kerasbert.heads.regression.head import Regression
from kerasbert.heads.regression.scale import Scale
from kerasbert.inference.predictor import Predictor
from kerasbert.models.transfer import weights_of
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.text.labels import LabelSet
from kerasbert.training import learner
from kerasbert.training import taught as module
from kerasbert.training.fine_tuning import fine_tune


@pytest.fixture
def settings(files, classifier_run, tmp_path):
    """Settings of a pupil on a few of the small files' documents."""
    lines = (files / "train.txt").read_text(encoding="utf-8").splitlines()[:12]
    (tmp_path / "few.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def make(out="run", **options) -> FineTuneSettings:
        parts = {name: files / f"{name}.txt" for name in ("valid", "test")}
        given = {"teacher": str(classifier_run), "corpus": (str(files / "raw.txt"),)}
        given |= {"train": tmp_path / "few.txt", "epochs": 2, "rival": False, "d_model": 16}
        given |= {"learning_rate": 0.01, "linear_svm": False, "limit": 100}
        return FineTuneSettings(out=tmp_path / out, max_length=32, **parts | given | options)

    return make


def arrays(settings):
    model = RunFolder.open(settings.out).load_model()
    return {path: np.array(keras.ops.convert_to_numpy(w)) for path, w in weights_of(model).items()}


@pytest.mark.parametrize("kind, temperature", [("multi-label", 1.0), ("multi-class", 2.0)])
def test_the_loss_is_cross_entropy_at_a_temperature(kind, temperature):
    taught, own = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32) * 3
    t, z = taught.astype(np.float64) / temperature, own.astype(np.float64) / temperature
    if kind == "multi-label":
        p, q = 1 / (1 + np.exp(-t)), 1 / (1 + np.exp(-z))
        expected = -(p * np.log(q) + (1 - p) * np.log(1 - q)).mean(axis=1)
    else:
        p, q = (np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in (t, z))
        expected = -(p * np.log(q)).sum(axis=1)
    loss = SoftLabels(temperature, kind)
    found = keras.ops.convert_to_numpy(loss.call(taught, own))
    np.testing.assert_allclose(found, temperature**2 * expected, rtol=1e-4)
    assert SoftLabels.from_config(loss.get_config()).get_config() == loss.get_config()


def test_half_of_a_batch_is_labelled_and_half_is_taught(settings, monkeypatch):
    batches = []
    make = module.taught_batches
    monkeypatch.setattr(
        learner, "taught_batches", lambda *given: batches.append(make(*given)) or batches[-1]
    )
    fine_tune(settings(batch_size=8))
    (taught,) = batches
    assert isinstance(taught, TaughtBatches)
    assert taught.steps_per_epoch == 13  # 100 raw texts by 8
    seen = set()
    for step in range(13):
        inputs, targets, weights = taught.batch(step)
        labeled_inputs, labeled_target = taught.labeled.batch(step)
        width = labeled_inputs["token_ids"].shape[1]
        np.testing.assert_array_equal(inputs["token_ids"][:8, :width], labeled_inputs["token_ids"])
        assert (inputs["token_ids"][:8, width:] == taught.special.pad).all()
        np.testing.assert_array_equal(targets[LABELS][:8], labeled_target)
        np.testing.assert_array_equal(weights[LABELS], [2.0] * 8 + [0.0] * 8)
        np.testing.assert_array_equal(weights[LESSONS], [0.0] * 8 + [2.0] * 8)
        raw = taught.order.batch(step)
        np.testing.assert_array_equal(targets[LESSONS][8:], taught.lessons[raw])
        seen.update(raw.tolist())
        again = taught.batch(step)
        np.testing.assert_array_equal(again[0]["token_ids"], inputs["token_ids"])
    assert seen == set(range(100))


def test_a_pupil_comes_nearer_to_its_teacher(settings, classifier_run, files):
    """On texts that neither has seen."""
    taught = settings("taught", epochs=5, limit=None, batch_size=16)
    alone = settings("alone", epochs=5, teacher=None, corpus=(), batch_size=16)
    fine_tune(taught), fine_tune(alone)
    lines = (files / "test.txt").read_text(encoding="utf-8").splitlines()
    texts = [line.split(" __label__")[0] for line in lines]

    def probabilities(run):
        rows = [one["scores"] for one in Predictor(run)(texts)]
        return np.array([[row[name] for name in sorted(row)] for row in rows])

    teacher = probabilities(classifier_run)
    far = {s.out.name: np.abs(probabilities(s.out) - teacher).mean() for s in (taught, alone)}
    assert far["taught"] < 0.8 * far["alone"]


# In turn: which answers are kept, found or refused, as any backend computed them; that a state is
# that of the model as it stands is tested on every backend in test_resume.py and test_lora.py.


@pytest.mark.in_turn
def test_the_lessons_are_the_teachers_answers(settings, classifier_run, tmp_path):
    cache = tmp_path / "cache"
    fine_tune(settings(vectors_cache=cache))
    (path,) = cache.glob("teacher-*.npy")
    kept, teacher = np.load(path), Predictor(classifier_run)
    texts = module.raw_texts(settings())
    for number in (0, 57, 99):
        named = teacher([texts[number]])[0]["scores"]
        logits = (kept[number] / teacher.decision.temperature).clip(-50)
        for place, name in enumerate(teacher.head.labels.names):
            assert named[name] == pytest.approx(1 / (1 + np.exp(-logits[place])), abs=1e-3)


@pytest.mark.in_turn
def test_answers_are_kept_and_taken_up(settings, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "TEXTS", 40)
    cache = tmp_path / "cache"
    whole = fine_tune(settings("first", vectors_cache=cache))
    assert "the teacher read 100 rows" in capsys.readouterr().err
    again = fine_tune(settings("second", vectors_cache=cache))
    assert "the teacher read" not in capsys.readouterr().err
    assert again["test"] == whole["test"]
    answered, predict = [], module.predict_outputs

    def killed(model, texts):
        answered.append(len(texts))
        if len(answered) == 2:
            raise KeyboardInterrupt
        return predict(model, texts)

    monkeypatch.setattr(module, "predict_outputs", killed)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(settings("killed"))
    third = fine_tune(settings("killed", resume=True))
    assert answered == [40, 40, 40, 20] and third["test"] == whole["test"]
    assert not (settings("killed").out / "state" / "vectors").exists()


@pytest.mark.in_turn
def test_a_run_that_was_stopped_ends_in_the_same_weights(
    settings, stopping_after_an_epoch, files, tmp_path
):
    fine_tune(settings("whole"))
    shutil.copy(files / "raw.txt", tmp_path)
    with stopping_after_an_epoch():
        fine_tune(settings("stopped", corpus=(str(tmp_path / "raw.txt"),)))
    raw = tmp_path / "raw.txt"
    text = raw.read_text(encoding="utf-8")
    raw.write_text(text.replace("the", "a"), encoding="utf-8")
    with pytest.raises(InputError, match="the corpus data are not those"):
        fine_tune(settings("stopped", resume=True, corpus=(str(raw),)))
    raw.write_text(text, encoding="utf-8")
    fine_tune(settings("stopped", resume=True, corpus=(str(raw),)))
    card = (settings("whole").out / "README.md").read_text(encoding="utf-8")
    assert "It learned from `tags`, too" in card
    whole, again = arrays(settings("whole")), arrays(settings("stopped"))
    for path, values in whole.items():
        np.testing.assert_array_equal(values, again[path], err_msg=path)


@pytest.mark.in_turn
def test_a_pupil_may_read_windows(settings, monkeypatch):
    made, make = [], module.taught_batches
    monkeypatch.setattr(
        learner, "taught_batches", lambda *given: made.append(make(*given)) or made[-1]
    )
    metrics = fine_tune(settings(long="windows", windows=3, overlap=4, epochs=1))
    assert np.isfinite(metrics["test"]["loss"])
    inputs, targets, _ = made[0].batch(0)
    assert inputs["token_ids"].shape[1] % 32 == 0
    assert len(inputs["token_ids"]) == len(targets[LESSONS]) == 64


def test_labels_are_found_by_their_names():
    head = Classification(LabelSet(["b", "c"]), "multi-class")
    teacher = Classification(LabelSet(["a", "c", "b"]), "multi-class")
    found = head.lessons(np.array([[1.0, 2.0, 3.0]]), teacher)
    np.testing.assert_array_equal(found, [[3.0, 2.0]])
    with pytest.raises(InputError, match="does not know 1 of the 3 labels, such as 'a'"):
        teacher.lessons(np.zeros((1, 2)), head)
    with pytest.raises(InputError, match="its labels are multi-class, those of this run multi-l"):
        Classification(LabelSet(["b"]), "multi-label").lessons(np.zeros((1, 3)), teacher)


def test_numbers_are_taught_on_the_pupils_scale():
    head, teacher = (
        Regression(Scale((mean,), (width,)), ("y",)) for mean, width in ((2.0, 4.0), (10.0, 1.0))
    )
    np.testing.assert_allclose(head.lessons(np.array([[0.0], [4.0]]), teacher), [[2], [3]])
    with pytest.raises(InputError, match="its head is classification, that of this run regression"):
        head.check_teacher(Classification(LabelSet(["a"]), "multi-label"))


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"corpus": ()}, "--teacher: expected beside --corpus"),
        ({"teacher": None}, "--corpus: expected beside --teacher"),
        ({"masked_lm": 0.5}, "--masked-lm: not beside --teacher"),
        ({"pair": "apart"}, "--pair apart: not beside --teacher"),
        ({"frozen": True, "pretrained": "a", "d_model": None}, "--frozen: not beside --teacher"),
        ({"head": "tagging", "linear_svm": None}, "--head tagging: not beside --teacher"),
        ({"teacher_weight": 0.0}, "--teacher-weight: expected more than 0"),
    ],
)
def test_what_contradicts_it_is_refused(wrong, message, settings):
    with pytest.raises(InputError, match=message):
        settings(**wrong)
