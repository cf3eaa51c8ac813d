"""Lines in any width, tables that grow and tables of results: what people see on a terminal."""

import fcntl
import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios

import pytest

from kerasbert.commands.tables import print_figures, print_table
from kerasbert.growing_table import GrowingTable
from kerasbert.terminal import say, tell, wrapped

TEXT = "train: 800 documents; 36 longer than 200 positions were cut; 1.5% of the characters unknown"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen(monkeypatch):
    """A function that runs another on a terminal of so many columns and returns its lines."""

    def run(width, shown):
        terminal = Terminal()
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setattr(sys, "stderr", terminal)
        shown()
        plain = re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue())
        return [line.rstrip() for line in plain.splitlines()]

    return run


@pytest.mark.parametrize("width", [30, 60, 80])
def test_lines_break_between_words(width, screen):
    lines = screen(width, lambda: say(TEXT))
    assert max(map(len, lines)) <= width
    assert " ".join(line.strip() for line in lines) == TEXT
    assert all(line.startswith("  ") for line in lines[1:])


def test_what_is_to_be_copied_stays_whole():
    path = "/a/very/long/path/of/a/file.txt"
    assert wrapped(f"written to {path} now", 20) == f"written to\n{path}\nnow"
    figure = "  a figure in letters"
    assert wrapped(f"next:\n{figure}", 12) == f"next:\n{figure}"
    assert wrapped("体育 娱乐 财经", 6) == "体育\n娱乐\n财经"  # two cells each
    assert wrapped(TEXT, None) == TEXT


def test_a_command_is_broken_before_its_flags_as_a_shell_takes_it():
    command = "KERAS_BACKEND=jax kerasbert compare --train 'my --odd file.txt' b --seeds 2 --resume"
    lines = wrapped(f"Next:\n  {command}", 40).split("\n")
    assert lines == [
        "Next:",
        "  KERAS_BACKEND=jax kerasbert compare \\",
        "    --train 'my --odd file.txt' b \\",
        "    --seeds 2 --resume",
    ]
    assert shlex.split("".join(lines[1:]).replace("\\", "")) == shlex.split(command)
    assert wrapped(f"  {command}", 100) == wrapped(f"  {command}", None) == f"  {command}"


def test_a_pipe_is_not_wrapped_and_nothing_to_tell_is_no_line(capsys):
    say(TEXT * 3)
    tell("")
    assert capsys.readouterr() == ("", TEXT * 3 + "\n")


def test_the_width_is_that_of_the_terminal():
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 40, 0, 0))
    code = f"from kerasbert.terminal import say; say({TEXT!r})"
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    subprocess.run([sys.executable, "-c", code], stderr=terminal, env=environment, check=True)
    os.close(terminal)
    said = os.read(master, 10_000).decode()
    os.close(master)
    assert 30 < max(map(len, said.splitlines())) <= 40 and len(said.splitlines()) == 3


ROW = {
    **{"step": 1000, "epoch": 0.069, "loss": 15.46481, "val_loss": 15.779},
    **{"val_loss_document_words": 8.8491, "unigram_loss_document_words": 8.8346},
    **{"val_loss_masked_lm": 6.9299, "unigram_loss_masked_lm": 6.8861},
    **{"val_loss_masked_lm_mask": "", "unigram_loss_masked_lm_mask": 6.8559},
    **{"masked_accuracy": 0.0619, "seconds": 12.34},
}
KNOWN = {name: name.replace("val", "unigram") for name in ROW if name.startswith("val_loss_")}


def grow(rows):
    table = GrowingTable(KNOWN)
    for row in rows:
        table(row)


def test_rows_of_a_training_have_one_header_and_fit(screen):
    lines = screen(80, lambda: grow([ROW, ROW | {"step": 2000}]))
    assert max(map(len, lines)) <= 80
    assert sum("seconds" in line for line in lines) == 1
    known, first, second = lines[-3:]
    assert known.split() == ["knowing", "nothing", "8.8346", "6.8861", "6.8559"]
    assert first.split() == [
        *("1,000", "0.07", "15.4648", "15.7790", "8.8491", "6.9299", "–", "0.0619", "12.3"),
    ]
    assert second.split()[0] == "2,000" and len(first) == len(second)


def test_other_columns_have_a_header_of_their_own(screen):
    lines = screen(80, lambda: grow([{"epoch": 1, "loss": 1.0}, {"epoch": 2, "val_f1": 0.5}]))
    assert [line.split() for line in lines] == [
        *(["epoch", "loss"], ["1", "1.0000"]),
        *(["epoch", "F1"], ["2", "0.5000"]),
    ]


def test_rows_name_their_figures_where_the_terminal_is_narrow(screen):
    lines = screen(50, lambda: grow([ROW]))
    assert max(map(len, lines)) <= 50
    assert "masked accuracy 0.0619" in " ".join(lines).replace("\u00a0", " ")


@pytest.mark.parametrize("width", [40, 80])
def test_a_table_fits_and_breaks_no_word_before_it_must(width, screen):
    rows = [
        ["figure", "from scratch", "what finetune ships"],
        ["validation F1 after epoch 2 (last)", "0.054 ± 0.001", "+0.034"],
        ["seconds until the best F1", "never", ""],
    ]
    lines = screen(width, lambda: print_table("pre-training", rows))
    assert max(map(len, lines)) <= width and lines[:2] == ["", "pre-training"] and all(lines[1:])
    text = " ".join(" ".join(lines).split())
    assert all(word in text for row in rows for cell in row for word in cell.split())


@pytest.mark.parametrize("width", [60, 61, 70, 80])
def test_a_table_that_just_fits_is_whole(width, screen):
    names = [
        "judged on",
        "micro F1",
        "macro F1",
        "F1",
        "loss",
        "documents",
        "F1 of TF-IDF + LinearSVC",
    ]
    rows = [names, ["valid", 0.8222, 0.8214, 0.8218, 0.4115, 135, 0.8147]]
    lines = screen(width, lambda: print_table("best", rows))
    assert max(map(len, lines)) <= width and lines[-1].endswith("0.8147")
    assert "LinearSVC" in " ".join(lines).split() and "judged" in " ".join(lines).split()


def test_where_a_table_cannot_fit_each_row_names_its_cells(screen):
    rows = [["judged on", "micro F1", "TF-IDF + LinearSVC"], ["test", 0.5, ""], ["valid", 0.7, 0.6]]
    lines = screen(20, lambda: print_table("best epoch", rows))
    assert lines[2:] == [
        *("test", "  micro F1 0.5000"),
        *("valid", "  micro F1 0.7000", "  TF-IDF + LinearSVC 0.6000"),
    ]


def test_figures_are_shown_as_people_write_them_and_empty_ones_are_not(capsys):
    print_figures("done", {"val_loss": 0.5, "seconds": 3.71, "tokens": 1200, "examples": []})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        [],
        ["done"],
        ["val", "loss", "0.5000"],
        ["seconds", "3.7"],
        ["tokens", "1,200"],
    ]
