"""What walks through the commands share."""

import csv
import io
import json
import sys

from kerasbert import cli

BOTH = ["--tasks", "masked-lm", "document-words"]
# Each length that comes is a shape to compile: few, where the text does not matter.
SMALL = ["--batch-size", "16", "--max-length", "16"]


def history(run):
    with (run / "history.csv").open() as file:
        return list(csv.DictReader(file))


def predict(capsys, monkeypatch, *command, stdin=""):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
    status = cli.main(["predict", *command])
    captured = capsys.readouterr()
    return status, [json.loads(line) for line in captured.out.splitlines()], captured.err
