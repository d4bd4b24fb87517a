# SPDX-License-Identifier: Apache-2.0
"""What the proxy would do, without a proxy, a store or a KMS.

A rehearsal runs the real transform over messages that somebody wrote down, under keys that end with
it (`stage`). `readers` take messages from raw HTTP, curl commands and HAR files; `account` tells
what happens to one, and `coverage` why nothing does; `cases` hold rules to what their authors
expect of them.
"""
