# SPDX-License-Identifier: Apache-2.0
"""What a GraphQL request says: in the text of its query, and in the names of its members.

`document` is imported only where a rule is of that kind: the library it stands on takes 17 MB and
some tenths of a second.
"""
