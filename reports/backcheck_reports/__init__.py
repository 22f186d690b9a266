"""Records of what the harness found: their format, their storage, the summary of a run, and its page."""

from backcheck_reports.number_format import percent
from backcheck_reports.page.page import check_html, write_page
from backcheck_reports.record import FORMAT, Record, Verdict
from backcheck_reports.statistics.summary import Summary, summarise, summary_of
from backcheck_reports.statistics.summary import SummaryRow as Row
from backcheck_reports.statistics.totals import Totals, headline, outcome
from backcheck_reports.storage.environment import capture
from backcheck_reports.storage.files import StoreError, check_writable
from backcheck_reports.storage.notes import CaseNote
from backcheck_reports.storage.reader import ReadIssues as Met
from backcheck_reports.storage.reader import read_records
from backcheck_reports.storage.shards import SHARD_FILES, ShardWriter, finished_shards
from backcheck_reports.storage.store import Run, find_case, read_notes, read_run, write_note, write_run

__all__ = [
    "FORMAT",
    "SHARD_FILES",
    "CaseNote",
    "Met",
    "Record",
    "Row",
    "Run",
    "ShardWriter",
    "StoreError",
    "Summary",
    "Totals",
    "Verdict",
    "capture",
    "check_html",
    "check_writable",
    "find_case",
    "finished_shards",
    "headline",
    "outcome",
    "percent",
    "read_notes",
    "read_records",
    "read_run",
    "summarise",
    "summary_of",
    "write_note",
    "write_page",
    "write_run",
]
