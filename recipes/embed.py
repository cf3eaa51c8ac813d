"""Turn texts into vectors: the encoder of a run alone, for programs of your own."""

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from kerasbert.choices import PoolingName
from kerasbert.command import run_command
from kerasbert.errors import InputError
from kerasbert.settings.settings import Settings
from kerasbert.tables import print_figures
from kerasbert.terminal import say

CHUNK = 512  # texts at a time: memory stays flat, whatever the input
WHAT = {
    "cls": "the state of [CLS]",
    "mean": "the mean of all states",
    "max": "the maximum of all states",
    "mean-max": "mean and maximum of all states",
}


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """A pre-trained or fine-tuned run and texts in, a NumPy array of float32 out.

    A row for each line of the input: numpy.load("vectors.npy"). With --tokens a row for each
    position of each text, [CLS] first and [SEP] last; the rows of text i are those from offsets[i]
    to offsets[i + 1], which stand in a second file.

    Example: kerasbert embed --model runs/lm new.txt --out vectors.npy
    """

    model: Path
    """The folder of a run."""
    file: tyro.conf.Positional[Path] = Path("-")
    """Texts, one a line (a TAB between the two of a pair); - reads standard input."""
    out: Path
    """The .npy file to write."""
    text_field: str | None = None
    """Each line is a JSON object, and this field of it holds the text, or a list of two texts."""
    pooling: PoolingName = "mean"
    """How states become one vector; those of [CLS] and [SEP] count in mean and max."""
    tokens: bool = False
    """Write the state of each position, instead of a vector for each text."""
    max_length: int | None = None
    """Positions of the longest text; those of the run unless given."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.out.suffix != ".npy":
            raise InputError(f"--out: expected a name that ends with .npy, received {self.out}.")


def run(config: Config) -> dict[str, Any]:
    """Write the vectors, and return their number, width and what they hold."""
    import numpy as np

    from kerasbert.files import ArrayWriter, check_writable
    from kerasbert.inference.embedder import Embedder
    from kerasbert.streams import shown
    from kerasbert.text.inputs import read_texts
    from kerasbert.text.lines import check_file
    from kerasbert.tokenizer.unknown import Unknown, unknown_in_stream

    check_writable(config.out)
    check_file(config.file)
    embedder = Embedder(config.model, config.pooling, config.max_length)
    lines = read_texts(config.file, field=config.text_field)
    offsets = [0]
    documents = 0
    unknown = Unknown()
    with ArrayWriter(config.out, embedder.width if config.tokens else embedder.pooled_width) as out:
        while chunk := [text for text, _ in itertools.islice(lines, CHUNK)]:
            unknown += unknown_in_stream(embedder.tokenizer, chunk, documents)
            documents += len(chunk)
            if config.tokens:
                for states in embedder.states(chunk):
                    out.add(states)
                    offsets.append(offsets[-1] + len(states))
            else:
                out.add(embedder.pooled(chunk))
    if embedder.truncated:
        say(f"{embedder.truncated} texts longer than {embedder.max_length} positions were cut.")
    for line in unknown.report(shown(config.file)):
        say(line)
    what = "the state of each position" if config.tokens else WHAT[config.pooling]
    result = {
        "documents": documents,
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
    return result


def main(argv: list[str] | None = None) -> int:
    """The command."""

    def show(result: dict[str, Any]) -> None:
        print_figures("vectors", result)

    return run_command(Config, run, argv, "embed", show)


if __name__ == "__main__":
    sys.exit(main())
