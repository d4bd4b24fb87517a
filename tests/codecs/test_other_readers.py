# SPDX-License-Identifier: Apache-2.0
"""No other reader finds a plain value at a protected place of a body that a codec has read.

Bodies are tampered with until readers disagree; each disagreement has to be a refusal.
"""

import csv
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.codecs import build_shape, find_codec
from sidecar.errors import Refused
from sidecar.fieldpath import FieldPath
from tests.codecs.other_readers import READERS

CANARY = "CANARY"
PATHS = [(FieldPath.parse(path), path) for path in ("ssn", "cards[*].no", "address.zip")]
ROWS = build_shape([FieldPath.parse(path) for path in ("$", "$[*]")], PATHS, wary=True)
ONE = build_shape([FieldPath.parse("$")], PATHS, wary=True)
PART = '--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
BODIES = {
    "application/json": [
        '{"ssn":"CANARY","n":{"a":"\\"ssn"},"cards":[{"no":"CANARY"}],"address":{"zip":"CANARY"}}',
        '[{"s\\u0073n" : "CANARY", "b":"\\\\"},{"ssn":"CANARY"}]',
    ],
    "application/x-www-form-urlencoded": ["ssn=CANARY&a=1", "a=%41&s%73n=CANARY&x=y=z&b"],
    "multipart/form-data": [
        PART % ("ssn", CANARY) + PART % ("a", "x") + "--b--\r\n",
        PART % ('a"; filename="f.txt', "x") + PART % ("ssn", CANARY) + "--b--",
    ],
    "text/csv": ["id,ssn,n\nx,CANARY,1\ny,CANARY,2\n", 'a,"ssn"\r\n"x, ""y""",CANARY\r\n'],
    "application/xml": [
        "<c><ssn>CANARY</ssn><cards><no>CANARY</no></cards><address><zip>CANARY</zip></address></c>",
        '<c xmlns="u"><a>x</a><ssn><![CDATA[CANARY]]></ssn></c>',
    ],
}
ODDITIES = [
    "ssn", '"ssn":"CANARY",', '"\\u0073sn":"CANARY",', '"SSN":"CANARY",', '{"ssn":"CANARY"}',
    "cards", '"address":{"zip":"CANARY"},', "{", "}", "[", "]", ":", ",", '"', "\\", "'", "/**/",
    "//", "null", "&", ";", "=", "%", "+", "?", "%00", "%73", "&ssn=CANARY", "&ssn[]=CANARY",
    "&%20ssn=CANARY", "--b", "--b--", "--", "\r\n", "\n", "\r", "\r\n\r\n",
    'Content-Disposition: form-data; name="ssn"', '; name="ssn"', PART % ("ssn", CANARY),
    "\nContent-Transfer-Encoding: base64", "CANARY", ",CANARY", "sep=;\n", "#", "|", "\t", " ",
    "\0", "\ufeff", "\u2028", '""', "<ssn>CANARY</ssn>", "<ssn/>", "<!--", "-->", "<![CDATA[",
    "]]>", "&#x73;", "<ssn xmlns='x'>CANARY</ssn>", "<?x?>", "<a>", "</a>",
]  # fmt: skip
EDITS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 6), st.sampled_from(ODDITIES)),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("media_type", READERS)
@settings(max_examples=400, deadline=None)
@given(number=st.integers(0, 1), edits=EDITS)
def test_no_other_reader_finds_what_was_not_sealed(
    media_type: str, number: int, edits: list[tuple[int, int, str]]
) -> None:
    text = BODIES[media_type][number]
    for place, cut, oddity in edits:
        at = place % (len(text) + 1)
        text = text[:at] + oddity + text[at + cut :]
    codec = find_codec(media_type, {"boundary": "b"})
    assert codec is not None
    shape = ROWS if media_type in {"application/json", "text/csv"} else ONE
    try:
        reading = codec.read(text.encode(), shape)
    except Refused:
        return
    if reading.misfits:
        return
    body = reading.render([(site, b'"sealed"') for site in reading.sites])
    for reader in READERS[media_type]:
        try:
            found = [*reader(body)]
        except (ValueError, StopIteration, csv.Error, ET.ParseError):
            continue
        assert CANARY not in repr(found), reader.__name__
