# SPDX-License-Identifier: Apache-2.0
"""What the text of a GraphQL query says.

Imported only where a rule is of that kind: the library it stands on takes 17 MB and some tenths of
a second.
"""
