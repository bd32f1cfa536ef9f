"""What to do about a refused row, by reason: the only list of the front node's reasons for refusing one.

Rules: a reason without a remedy cannot be given; no value of a row is in either.
Must not know: why a row was refused.
"""

from topics.errors import RowRefused
from topics.limits import MAX_KEY, MAX_LINE

REMEDIES = {
    # the line as such
    "line_too_long": f"no line may exceed {MAX_LINE} bytes",
    "quote_not_closed": "close the quote that opens in this line",
    "not_csv": "double the quotes inside a quoted field, and put a comma or the end of the line after it",
    "wrong_number_of_columns": "write as many columns as the first line names; quote a field that holds a comma",
    "not_a_json_object": 'write one object a line: {"field": "text", ...}',
    "unknown_fields": "write only the contract's fields; op needs --mode changes",
    "unknown_operation": "write upsert or delete, in lower case",
    # the record key
    "bad_key": f"fill in the record key, at most {MAX_KEY} characters and in the form that the contract names",
    "duplicate_key": "write each record key in one row; the first row of this one was taken",
    # fields
    "missing": "fill it in: the contract requires this field",
    "bad_person_id": "write all 18 characters of the identity number (or the 15 of an old one) and check them",
    "bad_uscc": "write all 18 characters of the unified social credit code and check them",
    "bad_property_no": "write all 28 characters of the real-estate unit number",
    "bad_certificate_no": "write 4 to 40 letters, digits or Chinese characters",
    "not_a_month": "write it YYYY-MM",
    "not_a_date": "write it YYYY-MM-DD, a day of the calendar",
    "not_an_amount": "write digits with at most 4 decimals: no thousands separator, no currency",
    "not_on_code_list": "write a code of the list that the contract gives for this field",
    "below_first_band": "write an amount that is not below the contract's first band",
    "ends_before_it_starts": "write an end that is not before the start, or leave it empty while it is open",
}


def refuse(field: str, reason: str, remedy: str = "") -> RowRefused:
    """The refusal of a row, to be raised. `remedy`: a more exact one, where there is one."""
    return RowRefused(field, reason, remedy or REMEDIES[reason])
