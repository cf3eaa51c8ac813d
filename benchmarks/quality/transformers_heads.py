"""transformers' own fine-tuning of a public model for numbers, spans and answers to questions.

It trains as its Trainer does unless told otherwise (documents in random order, padded to the
longest of their batch; AdamW without weight decay, gradients clipped at 1, a rate that falls
linearly after a tenth of the steps), by hand, since the Trainer needs one more package. Epochs,
batch size and rate are ours. After each epoch it answers the validation data, and the best epoch
counts, by the same figure as ours. Figures are counted by the code that counts ours.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasbert.evaluation.entities import entity_figures
from kerasbert.evaluation.exact_match import answer_figures, mean_figures
from kerasbert.evaluation.numbers import number_figures
from kerasbert.heads.head import Head
from kerasbert.text.tag_schemes import parse_tags, spans_of, to_spans

Row = dict[str, Any]
IGNORED = -100  # what its losses leave out
ASKED = 64  # rows at a time, in prediction
CLIP = 1.0
LONGEST = 30  # tokens of an answer, where our head says nothing
INPUTS = ("input_ids", "token_type_ids", "attention_mask")
TARGETS = ("labels", "start_positions", "end_positions")


class Numbers:
    """A number of a pair that is read together."""

    model_class = "AutoModelForSequenceClassification"

    def __init__(self, tokenizer: Any, head: Head, max_length: int, train: Sequence[Any]):
        self.tokenizer, self.max_length = tokenizer, max_length
        self.config = {"num_labels": 1, "problem_type": "regression"}

    def rows(self, documents: Sequence[Any]) -> list[Row]:
        """A row for each."""
        encoded = self.tokenizer(
            *(list(texts) for texts in zip(*(d.texts for d in documents), strict=True)),
            truncation=True,
            max_length=self.max_length,
        )
        gold = [float(document.labels[0]) for document in documents]
        return [
            {name: encoded[name][n] for name in encoded} | {"labels": number}
            for n, number in enumerate(gold)
        ]

    def score(self, documents: Sequence[Any], rows: Sequence[Row], outputs: list[Any]) -> Row:
        """The figures of our head."""
        gold = np.array([[row["labels"]] for row in rows])
        return number_figures(gold, np.array([logits[:1] for logits in outputs], np.float64))


class Tags:
    """A tag for the first piece of each word."""

    model_class = "AutoModelForTokenClassification"

    def __init__(self, tokenizer: Any, head: Head, max_length: int, train: Sequence[Any]):
        self.tokenizer, self.max_length = tokenizer, max_length
        self.tags = sorted({tag for document in train for tag in document.labels})
        self.config = {"num_labels": len(self.tags)}

    def rows(self, documents: Sequence[Any]) -> list[Row]:
        """A row for each; words behind `max_length` have no tag, and none is answered."""
        words = [[d.texts[0][start:end] for start, end in d.texts[0].spans] for d in documents]
        encoded = self.tokenizer(
            words, is_split_into_words=True, truncation=True, max_length=self.max_length
        )
        numbers = {tag: number for number, tag in enumerate(self.tags)}
        rows = []
        for n, document in enumerate(documents):
            of_words, tags = encoded.word_ids(n), []
            for at, word in enumerate(of_words):
                first = word is not None and word != of_words[at - 1]
                tags.append(numbers.get(document.labels[word], IGNORED) if first else IGNORED)
            rows.append(
                {name: encoded[name][n] for name in encoded} | {"labels": tags, "words": of_words}
            )
        return rows

    def score(self, documents: Sequence[Any], rows: Sequence[Row], outputs: list[Any]) -> Row:
        found = []
        for document, row, logits in zip(documents, rows, outputs, strict=True):
            tags = ["O"] * len(document.labels)
            for at in reversed(range(len(row["words"]))):  # so that the first piece has the say
                if row["words"][at] is not None:
                    tags[row["words"][at]] = self.tags[int(logits[at].argmax())]
            found.append(to_spans(begun(parse_tags(tags)), "BIO"))
        return entity_figures([spans_of(document.labels) for document in documents], found)


def begun(tags: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Tags in which an I that follows nothing of its type begins a span, as `seqeval` reads it."""
    made, before = [], ""
    for prefix, kind in tags:
        made.append(("B" if prefix == "I" and kind != before else prefix, kind))
        before = kind
    return made


class Answers:
    """The stretch of a context that answers a question, over windows of it."""

    model_class = "AutoModelForQuestionAnswering"

    def __init__(self, tokenizer: Any, head: Any, max_length: int, train: Sequence[Any]):
        self.tokenizer, self.max_length = tokenizer, max_length
        self.config: Row = {}
        self.most, self.unit = head.answer_length or LONGEST, head.counted_by

    def rows(self, documents: Sequence[Any]) -> list[Row]:
        """A row for each window; where the answer isn't in it, [CLS] is right."""
        encoded = self.tokenizer(
            [document.question for document in documents],
            [document.context for document in documents],
            truncation="only_second",
            max_length=self.max_length,
            stride=self.max_length // 4,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        rows = []
        for n, number in enumerate(encoded["overflow_to_sample_mapping"]):
            offsets, second = encoded["offset_mapping"][n], encoded.sequence_ids(n)
            places = {at: offsets[at] for at, of in enumerate(second) if of == 1}
            begin = end = 0
            right = next((a for a in documents[number].answers if a.start is not None), None)
            if right is not None and places:
                from_, to = min(places.values())[0], max(places.values())[1]
                inside = [p for p, (b, e) in places.items() if e > right.start and b < right.end]
                if inside and from_ <= right.start and right.end <= to:
                    begin, end = inside[0], inside[-1]
            rows.append(
                {name: encoded[name][n] for name in INPUTS}
                | {"start_positions": begin, "end_positions": end}
                | {"document": number, "places": places}
            )
        return rows

    def score(self, documents: Sequence[Any], rows: Sequence[Row], outputs: list[Any]) -> Row:
        best: dict[int, tuple[float, str]] = {}
        for row, logits in zip(rows, outputs, strict=True):
            context, places = documents[row["document"]].context, row["places"]
            if not places:
                continue
            first, count = min(places), len(places)
            starts, ends = (side[first : first + count] for side in logits)
            sums = starts[:, None] + ends[None]
            legal = np.triu(np.ones((count, count), bool))
            legal &= ~np.triu(np.ones((count, count), bool), self.most)
            at = np.where(legal, sums, -np.inf).argmax()
            begin, end = divmod(int(at), count)
            text = context[places[first + begin][0] : places[first + end][1]]
            found = float(sums[begin, end]), text
            best[row["document"]] = max(best.get(row["document"], (-np.inf, "")), found)
        said = [best.get(number, (0.0, ""))[1] for number in range(len(documents))]
        return mean_figures(*answer_figures(said, [d.gold for d in documents], self.unit))


KINDS: dict[str, Any] = {"regression": Numbers, "tagging": Tags, "answering": Answers}


class Peer:
    """A public model in transformers, with one of the heads above, new.

    Args:
        folder: of the public model.
        head: ours, of the same training documents.
        documents: of "train" and "valid".
        max_length: positions of a row.
        batch_size: rows of a step.
        rate: the highest one.
        epochs: of the training.
        seed: of the head, of dropout and of the order.
        half: compute in bfloat16 where that is safe, as `bf16` of its Trainer says.
    """

    def __init__(
        self, folder: Path, head: Head, documents: dict[str, list], max_length: int,
        batch_size: int, rate: float, epochs: int, seed: int,
        half: bool = False,
    ):  # fmt: skip
        import torch
        import transformers

        torch.manual_seed(seed)
        transformers.logging.set_verbosity_error()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.kind = KINDS[head.name](tokenizer, head, max_length, documents["train"])
        self.model = getattr(transformers, self.kind.model_class).from_pretrained(
            folder, **self.kind.config
        )
        self.documents, self.head, self.pad = documents, head, tokenizer.pad_token_id
        self.rows = {part: self.kind.rows(documents[part]) for part in ("train", "valid")}
        self.half = half
        self.batch_size, self.epochs, self.seed = batch_size, epochs, seed
        self.steps_per_epoch = -(-len(self.rows["train"]) // batch_size)
        steps = self.steps_per_epoch * epochs
        self.optimizer = torch.optim.AdamW(self.model.parameters(), rate, weight_decay=0.0)
        self.schedule = transformers.get_linear_schedule_with_warmup(
            self.optimizer, round(steps / 10), steps
        )

    def batches(self, epoch: int) -> Iterator[list[Row]]:
        """Those of an epoch, in random order."""
        rows = self.rows["train"]
        order = np.random.default_rng([self.seed, epoch]).permutation(len(rows))
        for start in range(0, len(rows), self.batch_size):
            yield [rows[n] for n in order[start : start + self.batch_size]]

    def step(self, rows: Sequence[Row]) -> int:
        """Train on these; the tokens that they hold."""
        import torch

        self.model.train()
        batch = self._padded(rows, targets=True)
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            loss = self.model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizer.step()
        self.schedule.step()
        return int(batch["attention_mask"].sum())

    def answer(self, asked: Sequence[Row]) -> list[Any]:
        """The logits of each row: (1,), (L, tags), or (2, L) of both ends."""
        import torch

        self.model.eval()
        found: list[Any] = []
        for start in range(0, len(asked), ASKED):
            rows = asked[start : start + ASKED]
            in_half = torch.autocast("cpu", torch.bfloat16, enabled=self.half)
            with torch.inference_mode(), in_half:
                made = self.model(**self._padded(rows))
            if self.head.name == "answering":
                logits = torch.stack([made.start_logits, made.end_logits], 1)
            else:
                logits = made.logits
            found.extend(logits.float().numpy())
        return found

    def fine_tune(self) -> dict[str, Any]:
        """Train; the figures of the best epoch, those of each, and the processor's seconds."""
        began, by_epoch = time.process_time(), []
        for epoch in range(self.epochs):
            for rows in self.batches(epoch):
                self.step(rows)
            outputs = self.answer(self.rows["valid"])
            figures = self.kind.score(self.documents["valid"], self.rows["valid"], outputs)
            by_epoch.append(figures)
        column = self.head.best
        best = max(range(self.epochs), key=lambda epoch: by_epoch[epoch][column])
        return {
            "valid": by_epoch[best],
            "best_epoch": best + 1,
            "epochs": [each[column] for each in by_epoch],
            "processor_seconds": time.process_time() - began,
        }

    def _padded(self, rows: Sequence[Row], targets: bool = False) -> dict[str, Any]:
        import torch

        longest = max(len(row["input_ids"]) for row in rows)
        fill = {"input_ids": self.pad, "labels": IGNORED}
        batch = {}
        for name in (*INPUTS, *TARGETS):
            if name not in rows[0] or (name in TARGETS and not targets):
                continue
            values = [row[name] for row in rows]
            if isinstance(values[0], list):
                made = np.full((len(rows), longest), fill.get(name, 0), np.int64)
                for row, value in zip(made, values, strict=True):
                    row[: len(value)] = value
                batch[name] = torch.from_numpy(made)
            else:
                kind = torch.float32 if isinstance(values[0], float) else torch.int64
                batch[name] = torch.tensor(values, dtype=kind)
        return batch
