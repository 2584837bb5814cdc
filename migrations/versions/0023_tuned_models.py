"""Models that were learned here: candidates, the one that is live, and one that runs in its shadow.

Revision ID: 0023
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

UPGRADE = """
-- `artifact` is the model itself; a reply model is too large for that and is served under
-- `address` by a name. `results` holds, by who decided (candidate, live, prompt, examples), the
-- scores of each held-out case. `compared_with` is the model that was live when it was measured,
-- NULL for what the product does without any; `took_over_from` is who gave way at its promotion.
CREATE TABLE tuned_models (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task           text NOT NULL CHECK (task IN ('routing', 'replies')),
    method         text NOT NULL,
    state          text NOT NULL DEFAULT 'candidate'
        CHECK (state IN ('candidate', 'shadow', 'live', 'retired')),
    dataset        text NOT NULL,
    artifact       bytea,
    address        text NOT NULL DEFAULT '',
    served_name    text NOT NULL DEFAULT '',
    figures        jsonb NOT NULL DEFAULT '{}',
    results        jsonb NOT NULL DEFAULT '{}',
    compared_with  bigint REFERENCES tuned_models (id) ON DELETE SET NULL,
    took_over_from bigint REFERENCES tuned_models (id) ON DELETE SET NULL,
    made_at        timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tuned_models ALTER COLUMN artifact SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX tuned_models_live ON tuned_models (task) WHERE state = 'live';
CREATE UNIQUE INDEX tuned_models_shadow ON tuned_models (task) WHERE state = 'shadow';
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON tuned_models FOR EACH ROW
    EXECUTE FUNCTION audit_change('id', 'artifact', 'results');

-- Running processes follow a switch as they follow a change of tags.
CREATE TRIGGER routing_changed AFTER UPDATE OR DELETE ON tuned_models
    FOR EACH STATEMENT EXECUTE FUNCTION routing_changed();

-- What the live one and its shadow decided of one text; the text is not kept. "" stands for none.
CREATE TABLE shadow_decisions (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id          bigint NOT NULL REFERENCES tuned_models (id) ON DELETE CASCADE,
    live_tag          text NOT NULL,
    live_confidence   real NOT NULL,
    shadow_tag        text NOT NULL,
    shadow_confidence real NOT NULL,
    decided_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shadow_decisions_model ON shadow_decisions (model_id);
"""

DOWNGRADE = """
DROP TABLE shadow_decisions, tuned_models;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
