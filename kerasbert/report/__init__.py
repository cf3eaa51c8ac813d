"""`report.html` of a run: one file that needs nothing else, with curves, tables and settings.

Missing values (None, NaN) leave a gap in a curve and a dash in a table. Every value is escaped:
texts, labels and paths are the user's. `README.md` is a model card: figures, file names, counts.
"""

from kerasbert.report.cards import fine_tuning_card, pretrain_card
from kerasbert.report.compare import comparison_report
from kerasbert.report.evaluation import evaluation_report
from kerasbert.report.explanation import explanation_report
from kerasbert.report.fine_tuning import fine_tuning_report
from kerasbert.report.pretrain import pretrain_report

__all__ = [
    "comparison_report",
    "evaluation_report",
    "explanation_report",
    "fine_tuning_card",
    "fine_tuning_report",
    "pretrain_card",
    "pretrain_report",
]
