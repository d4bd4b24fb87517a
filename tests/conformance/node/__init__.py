# SPDX-License-Identifier: Apache-2.0
"""The vendor's SDKs for Node, behind the face of those for Python (`tests.kms.sdks.Sdk`).

npm installs them below a folder of the caller's, by `package-lock.json`; `bridge.js` runs one of
them for `NodeSdk`, a call a line.
"""

from tests.conformance.node.sdk import NodeSdk, SdkLacksActionError

__all__ = ["NodeSdk", "SdkLacksActionError"]
