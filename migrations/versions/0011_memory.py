"""Past questions are a third opinion in every search: who taught them, and what they weigh.

Revision ID: 0011
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UPGRADE = r"""
-- One article in whatever language: what past questions lead to. A document that is no translation
-- of others stands for itself.
CREATE FUNCTION article_of(source text, translation_group text, id text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN translation_group <> '' THEN translation_group ELSE '=' || source || '/' || id END;
CREATE INDEX documents_article ON documents (article_of(source, translation_group, id));

-- A pair comes from a ticket's document, or from a question on record, whose text is read there:
-- what is erased or forgotten there is forgotten here. `weight` is how many agents' links it is
-- worth. A pair of neither is one that a person wrote, or that a measurement brought along.
ALTER TABLE question_memory DROP CONSTRAINT question_memory_pkey;
ALTER TABLE question_memory
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ADD UNIQUE (source, document_id),
    ALTER COLUMN source DROP NOT NULL,
    ALTER COLUMN document_id DROP NOT NULL,
    ALTER COLUMN question DROP NOT NULL,
    ADD COLUMN question_id uuid UNIQUE REFERENCES questions (id) ON DELETE CASCADE,
    ADD COLUMN origin text NOT NULL DEFAULT 'ticket'
        CHECK (origin IN ('ticket', 'approved', 'confirmed', 'corrected', 'given')),
    ADD COLUMN weight real NOT NULL DEFAULT 1 CHECK (weight > 0),
    ADD CHECK ((question IS NULL) = (question_id IS NOT NULL));

-- The vectors of one index's model, in a table of their own as its passages are.
CREATE FUNCTION create_memory(index_number integer, dimensions integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I (
             pair_id   bigint PRIMARY KEY REFERENCES question_memory (id) ON DELETE CASCADE,
             embedding halfvec(%s) NOT NULL)', 'memory_' || index_number, dimensions);
    EXECUTE format('ALTER TABLE %I ALTER COLUMN embedding SET STORAGE PLAIN',
                   'memory_' || index_number);
    EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %I USING hnsw (embedding halfvec_cosine_ops)',
                   'memory_' || index_number || '_embedding', 'memory_' || index_number);
END;
$$;
SELECT create_memory(id, dimensions) FROM embedding_indexes;

-- What a sure opinion of the memory is worth in a passage's score, how near past questions usually
-- are to the index (mean and standard deviation), and how many pairs that was measured on.
ALTER TABLE embedding_indexes
    ADD COLUMN memory_trust real NOT NULL DEFAULT 0.25,
    ADD COLUMN memory_usual real,
    ADD COLUMN memory_spread real,
    ADD COLUMN memory_measured_on integer NOT NULL DEFAULT 0;

-- What the answer to a question on record cited, of the articles that are still there.
CREATE FUNCTION cited_articles(asked uuid) RETURNS text[] LANGUAGE sql STABLE
RETURN (
    SELECT array_agg(DISTINCT article_of(document.source, document.translation_group, document.id))
    FROM citations AS citation
    JOIN question_passages AS passage
        ON passage.question_id = citation.question_id AND passage.chunk_id = citation.chunk_id
        AND passage.document_id = citation.document_id
    JOIN documents AS document
        ON document.source = passage.source AND document.id = passage.document_id
    WHERE citation.question_id = asked AND document.kind NOT IN ('ticket', 'macro')
);

-- What is known of an answer by now decides whether it is remembered: what a person put right stays
-- as it is, a "no" of anybody counts more than a "yes". The weights are a judgement, not a
-- measurement: a person who sends an answer says as much as one who links an article, and more
-- than one who was content, or who had to rewrite it.
CREATE FUNCTION remember_answer(asked uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    known record;
    articles text[] := cited_articles(asked);
BEGIN
    SELECT decision.ended = 'sent' AS sent, decision.text IS NOT NULL AS edited,
           decision.decision = 'rejected' OR ticket.declined_at IS NOT NULL
           OR ticket.reopened_at IS NOT NULL
           OR EXISTS (SELECT FROM feedback WHERE question_id = asked AND NOT helpful) AS wrong,
           ticket.confirmed_at IS NOT NULL
           OR EXISTS (SELECT FROM feedback WHERE question_id = asked AND helpful) AS confirmed
    INTO known
    FROM (SELECT asked AS id) AS answer
    LEFT JOIN draft_decisions AS decision ON decision.draft_id = answer.id
    LEFT JOIN ticket_turns AS turn
        ON turn.id = answer.id AND (turn.outcome = 'answered' OR decision.ended = 'sent')
    LEFT JOIN tickets AS ticket ON ticket.ticket_id = turn.ticket_id;
    IF articles IS NULL OR coalesce(known.wrong, false)
       OR NOT (coalesce(known.sent, false) OR coalesce(known.confirmed, false)) THEN
        DELETE FROM question_memory WHERE question_id = asked AND origin <> 'corrected';
        RETURN;
    END IF;
    INSERT INTO question_memory (question_id, origin, weight, locale, article_ids, asked_at)
    SELECT asked, CASE WHEN known.sent THEN 'approved' ELSE 'confirmed' END,
           CASE WHEN known.sent AND NOT known.edited THEN 1 ELSE 0.5 END,
           locale, articles, asked_at
    FROM questions WHERE id = asked
    ON CONFLICT (question_id) DO UPDATE SET
        origin = excluded.origin, weight = excluded.weight, article_ids = excluded.article_ids
    WHERE question_memory.origin <> 'corrected';
END;
$$;

CREATE FUNCTION remember_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM remember_answer(NEW.draft_id);
    RETURN NULL;
END;
$$;
CREATE TRIGGER remember_draft AFTER INSERT OR UPDATE OF decision, ended, text ON draft_decisions
    FOR EACH ROW EXECUTE FUNCTION remember_draft();

CREATE FUNCTION remember_feedback() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM remember_answer(coalesce(NEW.question_id, OLD.question_id));
    RETURN NULL;
END;
$$;
CREATE TRIGGER remember_feedback AFTER INSERT OR UPDATE OR DELETE ON feedback
    FOR EACH ROW EXECUTE FUNCTION remember_feedback();

-- Of a ticket that was answered more than once, the last answer is what the customer means. A draft
-- that was sent has a turn of its own beside it, of the same moment.
CREATE FUNCTION remember_resolution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM remember_answer(id) FROM ticket_turns
    WHERE ticket_id = NEW.ticket_id AND asked_at = (
        SELECT max(asked_at) FROM ticket_turns
        WHERE ticket_id = NEW.ticket_id AND outcome = 'answered'
    );
    RETURN NULL;
END;
$$;
CREATE TRIGGER remember_resolution
    AFTER INSERT OR UPDATE OF confirmed_at, declined_at, reopened_at ON tickets
    FOR EACH ROW
    WHEN (num_nonnulls(NEW.confirmed_at, NEW.declined_at, NEW.reopened_at) > 0)
    EXECUTE FUNCTION remember_resolution();

-- Somebody who takes the words out of a record does not want them remembered either.
CREATE FUNCTION forget_question() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM question_memory WHERE question_id = NEW.id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER forget_question AFTER UPDATE OF text ON questions
    FOR EACH ROW WHEN (OLD.text IS DISTINCT FROM NEW.text) EXECUTE FUNCTION forget_question();

-- A ticket's question is embedded by the sync that wrote it. Whoever else writes a pair has no
-- model at hand, so a worker is told; one waiting job is enough, as in bot.queue.
CREATE FUNCTION learn_pairs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added WHERE document_id IS NULL) THEN
        PERFORM pg_advisory_xact_lock(hashtext('queueing_lock'), hashtext('memory.learn'));
        IF NOT EXISTS (SELECT FROM procrastinate_jobs
                       WHERE queueing_lock = 'memory.learn' AND status = 'todo') THEN
            PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
                'events', 'memory.learn', 20, NULL, 'memory.learn', '{}', NULL
            )]::procrastinate_job_to_defer_v1[]);
        END IF;
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER learn_pairs AFTER INSERT ON question_memory
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION learn_pairs();

-- Answers that people judged, each once; silence is no judgement. A draft that a person sent as it
-- was is right; one that was rewritten or rejected is not. What a customer says is said of a
-- ticket's last answer. A bad rating for the tone alone is no fault of what was said.
CREATE VIEW judged_answers AS
SELECT question.id AS question_id, question.evidence, question.embedding_index,
       coalesce(nullif(ticket.channel, ''), question.surface) AS channel,
       coalesce(turn.routing_tag, '') AS intent,
       verdict.is_right, verdict.judged_at
FROM questions AS question
LEFT JOIN ticket_turns AS turn ON turn.id = question.id
LEFT JOIN tickets AS ticket ON ticket.ticket_id = turn.ticket_id
LEFT JOIN draft_decisions AS decision ON decision.draft_id = question.id
LEFT JOIN LATERAL (
    SELECT bool_and(helpful) AS helpful, max(given_at) AS given_at FROM feedback
    WHERE question_id = question.id AND (helpful OR reasons <> '{tone}')
) AS rating ON true
LEFT JOIN LATERAL (
    SELECT ticket.declined_at, ticket.reopened_at, ticket.confirmed_at
    WHERE turn.outcome = 'answered' AND NOT EXISTS (
        SELECT FROM ticket_turns AS later WHERE later.ticket_id = turn.ticket_id
        AND later.outcome = 'answered' AND later.asked_at > turn.asked_at)
) AS said ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN decision.decision = 'rejected' OR decision.text IS NOT NULL
                     OR said.declined_at IS NOT NULL OR said.reopened_at IS NOT NULL
                     OR NOT rating.helpful THEN false
                WHEN decision.decision = 'approved' OR said.confirmed_at IS NOT NULL
                     OR rating.helpful THEN true END AS is_right,
           greatest(decision.decided_at, said.declined_at, said.reopened_at, said.confirmed_at,
                    rating.given_at) AS judged_at
) AS verdict
WHERE question.outcome IN ('answered', 'drafted') AND verdict.is_right IS NOT NULL;
"""

DOWNGRADE = """
DROP VIEW judged_answers;
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT id FROM embedding_indexes LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', 'memory_' || one.id);
    END LOOP;
END $$;
DROP TRIGGER remember_draft ON draft_decisions;
DROP TRIGGER remember_feedback ON feedback;
DROP TRIGGER remember_resolution ON tickets;
DROP TRIGGER forget_question ON questions;
DROP TRIGGER learn_pairs ON question_memory;
DROP FUNCTION remember_draft, remember_feedback, remember_resolution, forget_question, learn_pairs,
    remember_answer, cited_articles, create_memory;
DELETE FROM question_memory WHERE document_id IS NULL;
ALTER TABLE question_memory
    DROP CONSTRAINT question_memory_pkey,
    DROP CONSTRAINT question_memory_source_document_id_key,
    DROP COLUMN id, DROP COLUMN question_id, DROP COLUMN origin, DROP COLUMN weight,
    ADD PRIMARY KEY (source, document_id),
    ALTER COLUMN question SET NOT NULL;
ALTER TABLE embedding_indexes
    DROP COLUMN memory_trust, DROP COLUMN memory_usual, DROP COLUMN memory_spread,
    DROP COLUMN memory_measured_on;
DROP INDEX documents_article;
DROP FUNCTION article_of;
"""


def upgrade() -> None:
    op.execute(UPGRADE)


def downgrade() -> None:
    op.execute(DOWNGRADE)
