# SPDX-License-Identifier: Apache-2.0
"""The product and the independent implementation behind one set of names, for the vectors."""

from types import SimpleNamespace

from sidecar import envelope as product
from sidecar.envelope import ff1
from sidecar.errors import CannotOpen, Malformed
from tests.vectors import independent

PRODUCT = SimpleNamespace(
    Malformed=Malformed,
    CannotOpen=CannotOpen,
    encode_context=lambda members: product.Context(*members).encode(),
    seal=product.seal,
    seal_equal=lambda key, edk, context, plaintext: product.seal_equal(
        key, product.lookup_key_id(edk), context, plaintext
    ),
    parse=product.parse,
    open_envelope=lambda key, context, data: product.open_envelope(
        key, product.parse(data), context
    ),
    open_equal=lambda key, context, data: product.open_equal(key, product.parse(data), context),
    to_text=product.to_text,
    from_text=product.from_text,
    value_to_plaintext=product.value_to_plaintext,
    plaintext_to_lexeme=product.plaintext_to_lexeme,
    protect=product.protect,
    reveal=product.reveal,
    ff1=lambda key, tweak, digits, decrypt: (ff1.decrypt if decrypt else ff1.encrypt)(
        key, tweak, digits
    ),
)

INDEPENDENT = SimpleNamespace(
    **{
        name: getattr(independent, name)
        for name in vars(PRODUCT)
        if name not in {"Malformed", "CannotOpen", "ff1"}
    },
    Malformed=independent.MalformedError,
    CannotOpen=independent.CannotOpenError,
    ff1=lambda key, tweak, digits, decrypt: independent.ff1(key, tweak, digits, decrypt=decrypt),
)
