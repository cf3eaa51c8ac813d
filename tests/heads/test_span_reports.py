"""Reports of spans and of answers: what is wrong can be searched, and is found by what it is."""

import re

from kerasbert.heads.answering.report import answer_sections
from kerasbert.heads.tagging.report import tag_sections


def section(sections, beginning):
    (found,) = [text for name, text in sections if name.startswith(beginning)]
    return found


def documents(page):
    """By its place, the kinds that a document is found under."""
    found = re.findall(r'<details class="doc"([^>]*)>.*?<bdi>(.*?)</bdi>', page, re.DOTALL)
    return {place: re.findall(r"data-(\w+)=", kinds) for kinds, place in found}


def test_texts_are_found_by_their_mistakes_and_both_answers_are_marked():
    text = "Ann met <Bob> in Rome"
    rows = {
        "marked": [
            {
                "line": 3,
                "text": text,
                "gold": [[0, 3, "person"], [17, 21, "place"]],
                "found": [[4, 7, "person"], [14, 21, "person"]],
                "mistakes": [
                    ["missed", "person", ""],
                    ["boundary and type", "place", "person"],
                    ["invented", "", "person"],
                ],
            }
        ],
        "counts": [{"documents": 9, "mistakes": 1}],
    }
    figures = {"entity_f1": 0.5, "loss": 1.0, "documents": 9}
    rival = {"name": "CRF on words", "valid": {"entity_f1": 0.75}, "seconds": 1.0}
    metrics = {"valid": figures, "rival": rival}
    made = tag_sections({"entity_f1": "entity F1"}, [], metrics, rows)
    assert "validation, CRF on words" in made[1][1] and "0.750" in made[1][1]
    page = section(made, "Texts with mistakes")
    assert "1 of 9 documents have a mistake." in page
    assert documents(page) == {"line 3": ["missed", "both", "invented"]}
    assert "<mark>Ann</mark><sub>person</sub> met &lt;Bob&gt; in <mark>Rome</mark>" in page
    assert "<mark>in Rome</mark><sub>person</sub>" in page and "place → person" in page


def test_questions_are_found_by_what_is_wrong_with_their_answer():
    def row(line, answer, gold, f1):
        said = None if answer is None else [0, len(answer)]
        return {
            **{"line": line, "id": None, "question": "Who wrote?", "context": "Ada wrote it."},
            **{"gold": gold, "answer": answer, "probability": 0.5, "said": said, "word": "who"},
            **{"right": [[0, 3]] if gold else [], "f1": f1},
        }

    worst = [
        row(1, "Ada wrote", ["Ada"], 0.5),
        row(2, "wrote", ["Ada"], 0.0),
        row(3, None, ["Ada"], 0.0),
        row(4, "Ada", [], 0.0),
    ]
    rows = {"worst": worst, "counts": [{"documents": 5, "mistakes": 4}]}
    figures = {"exact_match": 0.2, "f1": 0.3, "loss": 1.0, "documents": 5, "counted_by": "words"}
    metrics = {"valid": figures, "counted_by": "words"}
    page = section(
        answer_sections({"exact_match": "exact match", "f1": "F1"}, [], metrics, rows), "Questions"
    )
    assert "4 of 5 questions got another answer" in page
    kinds = {"line 1": "overlap", "line 2": "elsewhere", "line 3": "silent", "line 4": "asked"}
    assert documents(page) == {place: [kind] for place, kind in kinds.items()}
    assert "no answer where there is one" in page
