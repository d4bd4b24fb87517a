# SPDX-License-Identifier: Apache-2.0
"""Alembic's entry point: runs the migrations on the connection that the caller holds."""

from alembic import context

from sidecar.kms.store.schema import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
)
context.run_migrations()
