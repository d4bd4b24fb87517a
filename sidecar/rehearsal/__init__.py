# SPDX-License-Identifier: Apache-2.0
"""What the proxy would do, without a proxy, a store or a KMS.

A rehearsal runs the real transform over messages that somebody wrote down (`sidecar.recorded`),
under keys that end with it (`stage`). `account` tells what happens to one, `coverage` why nothing
does; `trials` hold rules to what their authors expect of them.
"""
