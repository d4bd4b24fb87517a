# SPDX-License-Identifier: Apache-2.0
"""ListAliases: the aliases of the account, page by page, in the order of their names."""

from sidecar.kms.api import paging
from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import all_aliases
from sidecar.kms.service.metadata import alias_metadata

PAGE_SIZE = paging.page_size(0, 100)


def act(call: Call) -> Answer:
    labels = call.shelf.list_aliases(paging.offset(call, PAGE_SIZE), call[PAGE_SIZE])
    return paging.page(
        call,
        PAGE_SIZE,
        call.shelf.count_aliases(),
        ("Aliases", "Alias"),
        [alias_metadata(call.place, label) for label in labels],
    )


ACTION = Action(
    name="ListAliases",
    parameters=(paging.PAGE_NUMBER, PAGE_SIZE),
    target=all_aliases,
    act=act,
    is_write=False,
)
