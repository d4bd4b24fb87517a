# SPDX-License-Identifier: Apache-2.0
"""Every action of the API through every SDK of the vendor, told as a table.

The cases are the stories that the suite tells through `tests.kms.sdks.SDKS` (`tests/kms/test_sdks*`
and the like). Nothing is told twice: they are run once more, with SDKs that write down what became
of each action.
"""
