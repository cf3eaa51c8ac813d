"""`report.html` of a run: one file that needs nothing else, with curves, tables and settings.

Missing values (None, NaN) leave a gap in a curve and a dash in a table. Every value is escaped:
texts, labels and paths are the user's.
"""

from kerasbert.evaluation.report.finetune import finetune_report
from kerasbert.evaluation.report.pretrain import pretrain_report

__all__ = ["finetune_report", "pretrain_report"]
