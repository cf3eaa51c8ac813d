"""What `finetune` would ship, judged beside the training of a network that is compared alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasbert.batches.labeled import LabeledBatches
from kerasbert.choices import RuleName
from kerasbert.files import write_json
from kerasbert.heads.classification.linear_choice import choose_linear
from kerasbert.heads.classification.linear_share import choose_share, linear_logits, mean_of
from kerasbert.heads.classification.linear_svm import fit_token_scores, labels_per_token
from kerasbert.heads.head import Head
from kerasbert.layers import TokenScores
from kerasbert.training.epoch_figures import EpochFigures, outputs_of
from kerasbert.training.keep_best import lower


class Shipped(keras.callbacks.Callback):
    """Score the mean of a network and linear SVMs after each epoch, while the network trains alone.

    The SVMs take no part in training, so that one training gives both: the network's own figures,
    and those of what `finetune` saves. Stands behind the `EpochFigures` of the network,
    whose logits it takes. `path` holds, as JSON,

        seconds     that the SVMs took
        rules       for each rule that is open, as in `BestByRule`

    and for each rule

        history      a row an epoch: epoch, val_loss, val_micro_f1, val_macro_f1, val_f1 at 0.5
        test         the figures of the last epoch on test data, at 0.5
        tuned_valid  the F1 of the best epoch on validation data, by a threshold for each label
        tuned_test   its figures on test data

    Args:
        path: the file; what an interrupted run left in it is gone on with.
        figures: of the network.
        data: "valid" and "test".
        head: that `finetune` ships.
        beside: of each part the logits of the SVMs, (N, K) float, as `answers_of_svms` gives them;
            none for a network that is shipped alone.
        epochs: of the whole training.
        seconds: that the SVMs took.
    """

    def __init__(
        self,
        path: Path,
        figures: EpochFigures,
        data: Mapping[str, LabeledBatches],
        head: Head,
        beside: Mapping[str, np.ndarray] | None,
        epochs: int,
        seconds: float = 0.0,
    ):
        super().__init__()
        self.path = path
        self.figures = figures
        self.data = data
        self.beside = beside
        self.share = 0.5  # of the SVMs, settled after each epoch
        self.epochs = epochs
        self.head = head
        self.rules = head.rules(data["valid"])
        self._test_logits: np.ndarray | None = None
        self.found: dict[str, Any] = {"seconds": seconds, "rules": {}}
        if path.exists() and "rules" in (begun := json.loads(path.read_text(encoding="utf-8"))):
            self.found = begun

    def on_epoch_end(self, epoch, logs=None):
        assert self.figures.outputs is not None
        network = self.figures.outputs
        if self.beside is not None:
            self.share = choose_share(self.head, network, self.beside["valid"], self.data["valid"])
        logits = self._mean("valid", network)
        for rule in self.rules:
            self._judge(epoch, rule, logits)
        self._test_logits = None
        write_json(self.path, self.found)

    def _judge(self, epoch: int, rule: str, logits: np.ndarray) -> None:
        """An epoch under one rule."""
        valid, test = self.data["valid"], self.data["test"]
        head, best = self.head, self.head.best
        half = head.decide(logits, valid, rule)
        scores = head.score(logits, valid, half)
        found = self.found["rules"].setdefault(rule, {"history": []})
        # Epochs that an interrupted run has done after its last state are done once more.
        before = [row for row in found["history"] if row["epoch"] <= epoch]
        is_best = all(  # as `KeepBest` has it
            scores[best] > row[f"val_{best}"]
            or (scores[best] == row[f"val_{best}"] and lower(scores["loss"], row["val_loss"]))
            for row in before
        )
        row = {"epoch": epoch + 1} | {
            f"val_{name}": scores[name] for name in ("loss", *head.figures)
        }
        found["history"] = [*before, row]
        if is_best:
            decision = head.fit(logits, valid, rule)
            found["tuned_valid"] = head.score(logits, valid, decision)[best]
            found["tuned_test"] = head.score(self._on_test(), test, decision)
        if epoch + 1 == self.epochs:
            found["test"] = head.score(self._on_test(), test, half)

    def _on_test(self) -> np.ndarray:
        """(N, K) of this epoch, for all rules."""
        if self._test_logits is None:
            self._test_logits = self._mean("test", outputs_of(self.model, self.data["test"]))
        return self._test_logits

    def _mean(self, part: str, logits: np.ndarray) -> np.ndarray:
        if self.beside is None:
            return logits
        return mean_of(logits, self.beside[part], self.share)


def read_shipped(path: Path) -> dict[str, Any] | None:
    """What a `Shipped` wrote so far, under the rule that validation data prefers.

    Returns:
        history, test, tuned_test and seconds.
    """
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    if "rules" not in found:  # of an earlier version
        return found
    best = max(found["rules"].values(), key=lambda one: one["tuned_valid"])
    return {name: value for name, value in best.items() if name != "tuned_valid"} | {
        "seconds": found["seconds"]
    }


def answers_of_svms(
    data: Mapping[str, LabeledBatches],
    vocabulary_size: int,
    lead: int,
    seed: int = 0,
    rule: RuleName | None = None,
) -> dict[str, np.ndarray]:
    """Of "valid" and "test" the logits of the SVMs that `finetune` puts beside a network, (N, K).

    Args:
        data: "train", "valid" and "test".
        vocabulary_size: of the tokenizer.
        lead: of the pooling.
        seed: see `fit_token_scores`, as for `rule`.
        rule: what a document gets that no label reaches.
    """
    labels = data["train"].gold.shape[1]
    train, valid = data["train"], data["valid"]
    choice = choose_linear(train, valid, vocabulary_size, lead, seed, rule)
    layer = TokenScores(vocabulary_size, lead, labels_per_token(labels), choice.bigrams)
    layer(np.zeros((1, labels), np.float32), np.zeros((1, 1), np.int32))
    fit_token_scores(layer, train, valid, seed, rule, choice.cost)

    return {name: linear_logits(layer, data[name].texts) for name in ("valid", "test")}
