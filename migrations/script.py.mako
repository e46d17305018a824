"""${message}

% for line in context.get("reasons", ()):
${line}
% endfor
% if context.get("reasons"):

% endif
Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${context.get("created_at", create_date)}
"""

% if not context.get("written_by_dbtune"):
import sqlalchemy as sa
% endif
% if imports:
${imports}
% endif
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Take the database forward."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take the database back."""
    ${downgrades if downgrades else "pass"}
