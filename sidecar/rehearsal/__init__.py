# SPDX-License-Identifier: Apache-2.0
"""What the proxy would do, without a proxy, a store or a KMS.

A rehearsal runs the real transform over messages that somebody wrote down (`sidecar.recorded`),
under keys that end with it (`stage`). `telling` gives an `account` of what happens to one, and by
`coverage` of why nothing does; `trials` hold rules to what their authors expect of them.
"""
