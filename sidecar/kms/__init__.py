# SPDX-License-Identifier: Apache-2.0
"""The KMS core: CMKs in a PKCS#11 token, behind the KMS API (2016-01-20) of Alibaba Cloud."""
