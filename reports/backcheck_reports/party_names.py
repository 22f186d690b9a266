"""What each party is called: one name, on the page, on the terminal and in every sentence.

Records keep short keys. The subject is the code under test; exact arithmetic runs the subject's own rule.
"""

from collections.abc import Mapping

from backcheck_reports.record import CONTRACT, EXACT, SUBJECT

PARTY_NAMES: Mapping[str, str] = {
    SUBJECT: "subject",
    "torch": "PyTorch",
    "jax": "JAX",
    "differences": "finite differences",
    EXACT: "exact arithmetic",
    CONTRACT: "promises",
}


def party_name(party: str) -> str:
    """The name of a party, or its key where it is none of ours."""
    return PARTY_NAMES.get(party, party)
