"""Turn texts into vectors: the encoder of a run alone, for programs of your own."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from kerasbert.choices import PoolingName
from kerasbert.commands.closing import Closing
from kerasbert.commands.command import run_command
from kerasbert.commands.tables import print_figures
from kerasbert.errors import InputError
from kerasbert.figures import counted
from kerasbert.settings.data import TextFieldSettings, take_file
from kerasbert.settings.settings import Settings
from kerasbert.terminal import say

WHAT = {
    "cls": "the state of [CLS]",
    "mean": "the mean of all states",
    "max": "the maximum of all states",
    "mean-max": "mean and maximum of all states",
}


@dataclass(frozen=True, kw_only=True)
class Config(TextFieldSettings, Settings):
    """A pre-trained or fine-tuned run and texts in, a NumPy array of float32 out.

    Texts stand in lines, a table (CSV, TSV), JSON Lines, JSON or Parquet. A row for each of them:
    numpy.load("vectors.npy"); that of an empty text, which has no vector, holds NaN. With --tokens
    a row for each position of each text, [CLS] first and [SEP] last; the rows of text i are those
    from offsets[i] to offsets[i + 1], which stand in a second file. Ids, and the fields of --keep,
    stand in one more: a line of JSON for each text.

    Example: kerasbert embed --model runs/lm new.txt --out vectors.npy
    """

    model: Path
    """The folder of a run."""
    file: tyro.conf.Positional[Path] = Path("-")
    """Texts (of lines a TAB between the two of a pair); - reads standard input."""
    out: Path
    """The .npy file to write."""
    keep: tuple[str, ...] = ()
    """Fields that come along, beside the id, in a file of their own."""
    pooling: PoolingName = "mean"
    """How states become one vector; those of [CLS] and [SEP] count in mean and max."""
    tokens: bool = False
    """Write the state of each position, instead of a vector for each text."""
    max_length: int | None = None
    """Positions of the longest text; those of the run unless given."""

    def __post_init__(self) -> None:
        take_file(self)
        super().__post_init__()
        if self.out.suffix != ".npy":
            raise InputError(f"--out: expected a name that ends with .npy, received {self.out}.")


def run(config: Config) -> dict[str, Any]:
    """Write the vectors, and return their number, width and what they hold."""
    import numpy as np

    from kerasbert.files import ArrayWriter, check_writable
    from kerasbert.inference.answering import CHUNK, KeptFields, Passed, chunks
    from kerasbert.inference.embedder import Embedder
    from kerasbert.streams import shown
    from kerasbert.text.inputs import read_texts
    from kerasbert.text.lines import check_file

    check_writable(config.out)
    check_file(config.file)
    embedder = Embedder(config.model, config.pooling, config.max_length)
    texts = read_texts(config.file, fields=config.fields(config.keep), say=say)
    offsets = [0]
    passed = Passed()
    width = embedder.width if config.tokens else embedder.pooled_width
    kept = KeptFields(config.out.with_suffix(".rows.jsonl"))
    with kept, ArrayWriter(config.out, width) as out:
        for chunk in chunks(texts, CHUNK):
            rows = passed.add(chunk, embedder.tokenizer)
            kept.add(chunk)
            if config.tokens:
                for states in embedder.states(rows):
                    out.add(states)
                    offsets.append(offsets[-1] + len(states))
            else:
                out.add(embedder.pooled(rows))
    has = "have no position" if config.tokens else "have NaN for a vector"
    for note in passed.notes(shown(config.file), has):
        say(note)
    if embedder.truncated:
        longer = counted(embedder.truncated, "text")
        say(f"{longer} longer than {embedder.max_length} positions cut.")
    what = "the state of each position" if config.tokens else WHAT[config.pooling]
    result = {
        "documents": passed.documents,
        "empty": passed.empty,
        "vectors": out.rows,
        "width": out.width,
        "holds": what + ("" if what == WHAT["cls"] else ", [CLS] and [SEP] among them"),
        "file": str(config.out),
    }
    if config.tokens:
        offsets_file = config.out.with_suffix(".offsets.npy")
        with ArrayWriter(offsets_file, dtype=np.int64) as writer:
            writer.add(np.array(offsets))
        result["offsets"] = str(offsets_file)
    if kept.written:
        result["rows"] = str(kept.path)
    return result


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_figures("vectors", result)

    def closing(config: Config, result: dict[str, Any]) -> Closing:
        rows = f"{result['vectors']:,} vectors of {result['width']:,} numbers"
        reads = f"numpy.load({str(config.out)!r}) reads them"
        return Closing(f"{rows} for {result['documents']:,} documents: {reads}.")

    return run_command(Config, run, argv, "embed", show, closing=closing)


if __name__ == "__main__":
    sys.exit(main())
