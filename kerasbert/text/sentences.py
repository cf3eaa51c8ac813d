"""Where sentences end."""

import re

# A run of end marks with the quotes that close behind it. The look-behind and the possessive
# quantifiers keep the search linear on hostile text such as a million dots.
_SENTENCE_END = re.compile(r"(?<![.!?。！？])[.!?。！？]++[\"'”’)\]）】」』》]*+")
_CHINESE_MARKS = frozenset("。！？")


def split_sentences(text: str) -> list[str]:
    """Split at `. ! ?` before white space or the end, and after Chinese 。！？ anywhere.

    Quotes and brackets that close directly behind the mark stay with the sentence. There is no list
    of abbreviations. Nothing but white space between sentences is lost.
    """
    sentences = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        end = match.end()
        at_gap = end == len(text) or text[end].isspace()
        if at_gap or not _CHINESE_MARKS.isdisjoint(match.group()):
            sentences.append(text[start:end].strip())
            start = end
    rest = text[start:].strip()
    if rest:
        sentences.append(rest)
    return sentences
