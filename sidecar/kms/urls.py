# SPDX-License-Identifier: Apache-2.0
"""URLs as the configuration of a KMS core names them."""

from urllib.parse import SplitResult, urlsplit


def find_url(text: str) -> SplitResult | None:
    """The URL that `text` is; None without a host, or with a port that there is not."""
    try:
        url = urlsplit(text)
        is_place = bool(url.hostname) and url.port != 0  # which raises for more than 65535
    except ValueError:
        return None
    return url if is_place else None
