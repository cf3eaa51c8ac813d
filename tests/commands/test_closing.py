"""How a command ends, and how it is gone on with."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from kerasbert.backend import default_backend
from kerasbert.commands.closing import Closing, command, data_flags, flags
from kerasbert.commands.command import exit_status, run_command
from kerasbert.invocation import command_to_go_on
from kerasbert.settings import CompareSettings, PretrainSettings
from kerasbert.settings.settings import Settings


def test_verdict_report_and_next_step(tmp_path):
    page = tmp_path / "report.html"
    closing = Closing("It is good.", page, [command("predict", "--model", "my run")])
    assert str(closing) == "It is good.\nNext:\n  kerasbert predict --model 'my run'"
    page.touch()
    assert str(closing).splitlines()[1] == f"Report: {page}"
    assert str(Closing()) == ""


def test_what_was_given_is_handed_on():
    settings = PretrainSettings(corpus=("a b.txt", "c"), out=Path("lm"), minutes=0.5)
    given = flags(settings, "corpus", "store", "minutes", "seed")
    assert given == ["--corpus", "a b.txt", "c", "--minutes", "0.5"]
    files = {name: Path(name) for name in ("pretrained", "train", "test", "out")}
    settings = CompareSettings(**files, valid_share=0.2, label_separator="|")
    assert data_flags(settings) == [
        *("--train", "train", "--valid-share", "0.2", "--test", "test"),
        *("--label-separator", "|"),
    ]


@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    """Something that is stopped."""

    out: Path
    """A folder."""
    resume: bool = False
    """Go on."""


@dataclass(frozen=True, kw_only=True)
class Alone(Settings):
    """Something that keeps nothing."""

    out: Path
    """A folder."""


def stopped(config):
    raise KeyboardInterrupt("stopped at step 7; the state is saved")


@pytest.mark.parametrize("more", [[], ["--resume"]])
def test_an_interrupted_command_says_how_to_go_on(more, capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", default_backend() or "")
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert (
            run_command(Config, stopped, ["--out", "my run", *more], "train", needs_backend=False)
            == 130
        )
        assert capsys.readouterr().err == (
            "kerasbert train: stopped at step 7; the state is saved. Go on with:\n"
            "  kerasbert train --out 'my run' --resume\n"
        )
        monkeypatch.setenv("KERAS_BACKEND", "other")
        assert run_command(Config, stopped, ["--out", "a"], "train", needs_backend=False) == 130
        said = capsys.readouterr().err
        assert "\n  KERAS_BACKEND=other kerasbert train --out a --resume\n" in said
        assert run_command(Alone, stopped, ["--out", "a"], "train", needs_backend=False) == 130
        assert "Go on with" not in capsys.readouterr().err
    finally:
        signal.signal(signal.SIGTERM, before)
    assert command_to_go_on(resumes=True) is None


def test_an_interruption_that_meets_a_callback_is_not_lost(capsys):
    def work():
        class Dropping:
            def __del__(self):
                raise KeyboardInterrupt  # Python reports it, and goes on

        Dropping()
        for _ in range(50):
            time.sleep(0.1)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored under nohup
    began = time.monotonic()
    try:
        assert exit_status(work, "kerasbert train") == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began < 4
    assert capsys.readouterr().err == "kerasbert train: interrupted\n"
