"""The demo walks the whole way on a folder of Python files."""

import random
import string

from kerasbert.recipes import demo

TOPICS = {
    "alpha": ["cat", "dog", "horse", "mouse", "bird", "fish", "whale", "tiger"],
    "beta": ["oak", "rose", "fern", "moss", "tulip", "pine", "birch", "maple"],
}
COMMON = ["this", "part", "reads", "one", "value", "and", "gives", "another", "back", "to", "us"]


def write_packages(folder, modules=60):
    """Two packages whose docstrings tell them apart by their words, no two texts alike."""
    rng = random.Random(0)
    names = ["".join(rng.choices(string.ascii_lowercase, k=7)) for _ in range(400)]

    def text(words):
        drawn = [rng.choice(rng.choice([words, COMMON, names])) for _ in range(44)]
        return f"{' '.join(drawn[:22])}. {' '.join(drawn[22:])}."

    for package, words in TOPICS.items():
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text("raise RuntimeError('never imported')\n")
        for number in range(modules):
            (folder / package / f"module_{number}.py").write_text(
                f'"""{text(words)}"""\n'
                f'class C:\n    """{text(words)}"""\n'
                f'def f():\n    """{text(words)}"""\n'
            )


def test_from_docstrings_to_the_table(tmp_path, capsys):
    write_packages(tmp_path / "site")
    config = demo.Config(
        out=tmp_path / "demo",
        documents=300,
        labeled=60,
        minutes=0.05,
        epochs=2,
        packages=(tmp_path / "site",),
    )
    result = demo.run(config)
    for side in ("scratch", "pretrained"):
        assert [row["epoch"] for row in result[side][0]["history"]] == [1, 2]
    assert result["sentence"] and len(result["table"]) > 2
    assert (tmp_path / "demo" / "compare" / "compare.png").exists()
    said = capsys.readouterr().err
    assert [f"{step}. " in said for step in range(1, 6)] == [True] * 5

    resumed = demo.Config(**{**vars(config), "resume": True})
    assert demo.run(resumed)["table"] == result["table"]
    assert "compare: finished; nothing to do" in capsys.readouterr().err
