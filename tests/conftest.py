# SPDX-License-Identifier: Apache-2.0
"""Fixtures shared by the whole suite; each stands in the file named after the part it starts."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")

pytest_plugins = [
    "tests.fixtures.token",
    "tests.fixtures.kms",
    "tests.fixtures.postgresql",
    "tests.fixtures.store",
    "tests.fixtures.origin",
]
