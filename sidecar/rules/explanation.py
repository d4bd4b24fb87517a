# SPDX-License-Identifier: Apache-2.0
"""What rules do, in words for the people who answer for them, and as data for their tools."""

from __future__ import annotations

from sidecar.rules.clearance import CertificateNames, Condition, HeaderIs
from sidecar.rules.fields import Field, Mask, Mode
from sidecar.rules.model import Rule


def explain(rule: Rule) -> dict[str, object]:
    """What `rule` protects, as JSON holds it."""
    return {
        "name": rule.name,
        "where": rule.where,
        "phase": rule.phase.value,
        "store": rule.store._asdict(),
        "collection": rule.collection,
        "routes": [str(route) for route in rule.routes],
        "cmk": rule.cmk._asdict(),
        "suite": rule.suite,
        "tenant_header": rule.tenant_header,
        "record": rule.record,
        "cleared": [explain_condition(each) for each in rule.cleared],
        "fields": {item.label: explain_field(item) for item in rule.all_fields},
    }


def explain_field(item: Field) -> str:
    """What sealing makes of one field."""
    match item.mode:
        case Mode.EQUALITY:
            normalized = f" after {', '.join(item.normalize)}" if item.normalize else ""
            text = f"sealed alike for equal values{normalized}, so that it can be searched for"
        case Mode.DIGITS:
            kept = f" but the last {item.keep_last}" if item.keep_last else ""
            text = f"every digit{kept} exchanged for another; equal values stay equal"
        case Mode.JSON:
            text = "sealed whole, with everything below it"
        case _:
            text = "sealed"
    if item.null == "seal":
        text = f"{text}; null is sealed too"
    return text if item.mask is None else f"{text}; {explain_mask(item.mask)}"


def explain_mask(mask: Mask) -> str:
    """What callers see who are not cleared."""
    if mask.is_hash:
        return "shown as a fingerprint to callers who are not cleared"
    what = f"all but the last {mask.last} characters" if mask.last else "whole"
    return f"hidden {what} from callers who are not cleared"


def explain_condition(condition: Condition) -> str:
    """What clears a caller."""
    texts = " or ".join(condition.any_of)
    if isinstance(condition, HeaderIs):
        return f"the header {condition.name} is {texts}"
    if isinstance(condition, CertificateNames):
        return f"the client's certificate has the {condition.kind} {texts}"
    return (
        f"the claim {condition.path} has {texts}, in a token of {condition.issuer} for "
        f"{condition.audience}"
    )


def explain_binding(rule: Rule) -> str:
    """What a sealed value opens for, besides its store, collection and field."""
    parts = [f"the tenant in {rule.tenant_header}"] if rule.tenant_header else []
    parts += [f"the record in {rule.record}"] if rule.record else []
    return " and ".join(parts) or "any tenant and record"
