# SPDX-License-Identifier: Apache-2.0
"""A call that has to wait for something is neither done nor refused, and leaves no record yet."""


class Postponed(Exception):
    """What the call did is undone, but that it was admitted; it is to be carried out again."""
