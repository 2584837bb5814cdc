"""Another embedding model's index is built beside the live one, and takes its place.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UPGRADE = """
-- What an index that is not live holds: the content that each document had when its passages were
-- written there. The live one holds every document as it is, so its rows mean nothing; they are
-- brought up to date when it is retired.
CREATE TABLE indexed_documents (
    document_pk  bigint NOT NULL REFERENCES documents (pk) ON DELETE CASCADE,
    index_id     integer NOT NULL REFERENCES embedding_indexes (id) ON DELETE CASCADE,
    content_hash bytea NOT NULL,
    PRIMARY KEY (document_pk, index_id)
);

-- `since` is when the state began. `set_aside` is an index that was rolled back from: no process
-- switches to it by itself. `problem` is why the last attempt to build it failed.
ALTER TABLE embedding_indexes
    ADD COLUMN since timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN set_aside boolean NOT NULL DEFAULT false,
    ADD COLUMN problem text NOT NULL DEFAULT '';
"""

DOWNGRADE = """
ALTER TABLE embedding_indexes
    DROP COLUMN since, DROP COLUMN set_aside, DROP COLUMN problem;
DROP TABLE indexed_documents;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
