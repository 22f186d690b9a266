"""What the harness found, kept and shown: the record format, its storage, the summary and the page."""

from reports.environment import capture
from reports.files import StoreError, check_writable
from reports.notes import CaseNote
from reports.numbers import percent
from reports.page import check_html, write_page
from reports.reading import Met, read_records
from reports.record import FORMAT, Record, Verdict
from reports.shards import SHARD_FILES, ShardWriter, finished_shards
from reports.store import Run, find_case, read_notes, read_run, write_note, write_run
from reports.summary import Row, Summary, summarise, summary_of
from reports.totals import Totals, headline, outcome

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
