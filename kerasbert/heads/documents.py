"""Which documents a head reads, and which of them it can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fields import Fields
from kerasbert.text.inputs import InputText, read_texts
from kerasbert.text.labeled import iterate_labeled, read_labeled
from kerasbert.text.lines import LineProblems
from kerasbert.text.split import write_documents


class HeadDocuments:
    """The part of `Head` that reads documents.

    Attributes:
        labeled, numbers, named: see `Head`.
    """

    labeled: ClassVar[bool] = False
    numbers: ClassVar[bool] = False
    named: ClassVar[bool] = False

    @classmethod
    def from_settings(
        cls,
        settings: Any,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
    ) -> tuple[Any, dict[str, list[LabeledDocument]], list[str]]:
        """The head that these documents are for; of a head that the commands know by its name.

        Args:
            settings: of the command, those of this head among them.
            documents: of "train", "valid" and, where there is one, "test".
            paths: their files, for messages.
            problems: where lines are reported that do not fit.

        Returns:
            the head, the documents that can be used, and what is to be said.

        Raises:
            InputError: settings or documents do not fit it.
        """
        raise NotImplementedError

    @classmethod
    def claims(cls, path: str | Path) -> bool:
        """Whether a file can be for no other head, as its name or its form says."""
        return False

    @classmethod
    def read_file(
        cls,
        path: str | Path,
        problems: LineProblems,
        limit: int | None = None,
        fields: Fields | None = None,
        say: Callable[[str], None] | None = None,
    ) -> list[LabeledDocument]:
        """The documents of a file as this head has them, before it knows any; see below."""
        numbers = True if cls.numbers else None
        return read_labeled(
            path, problems, limit, fields, say, labeled=cls.labeled, numbers=numbers
        )

    @classmethod
    def audited(
        cls, path: str | Path, problems: LineProblems, fields: Fields | None = None
    ) -> Iterator[LabeledDocument]:
        """The documents of a file as `kerasbert audit` looks through them, which counts labels."""
        return iterate_labeled(path, problems, fields, numbers=cls.numbers)

    @classmethod
    def reader(cls, settings: Any) -> Callable[..., list[LabeledDocument]]:
        """`read_file`, as the settings of a command have it."""
        return cls.read_file

    def read_documents(
        self,
        path: str | Path,
        problems: LineProblems,
        limit: int | None = None,
        fields: Fields | None = None,
        say: Callable[[str], None] | None = None,
    ) -> list[LabeledDocument]:
        """The documents of a file: text, with or without labels, unless a head has others.

        Args:
            path: the file.
            problems: where lines are reported that cannot be read.
            limit: the first so many.
            fields: of a table or records.
            say: told which fields were found by their names.

        Raises:
            InputError: a line that cannot be read, or no document.
        """
        return self.read_file(path, problems, limit, fields, say)

    def read_inputs(
        self,
        path: Path,
        pairs: bool,
        fields: Fields | None = None,
        say: Callable[[str], None] | None = None,
    ) -> Iterator[InputText]:
        """The texts of a file that are to be answered, as `read_texts` yields them.

        Args:
            path: a file, or a stream such as `-`.
            pairs: whether the run takes pairs of texts.
            fields: of a table or records.
            say: told what was found, and what is not read.

        Raises:
            InputError: a file, line or row that cannot be read.
        """
        return read_texts(path, pairs, fields, say)

    def write_documents(self, path: Path, documents: Sequence[LabeledDocument]) -> None:
        """Write documents that were set aside so that `read_documents` reads them."""
        write_documents(path, documents)

    @staticmethod
    def strata(document: LabeledDocument) -> tuple[str, ...]:
        """What a part that is set aside shall have its share of: the labels of this document."""
        return document.labels

    def prepare(
        self,
        documents: Mapping[str, Sequence[LabeledDocument]],
        paths: Mapping[str, Path],
        problems: LineProblems,
    ) -> dict[str, list[LabeledDocument]]:
        """The documents of each part that can be used; refuses what does not fit.

        Args:
            documents: of "train", "valid" and, where there is one, "test"; or "data" alone.
            paths: their files, for messages.
            problems: where lines are reported that do not fit.
        """
        return {name: list(part) for name, part in documents.items()}

    def unseen(self, documents: Sequence[LabeledDocument]) -> Mapping[str, int]:
        """What these documents ask for that no answer can hold, counted."""
        return {}
