"""A help desk of a year, made by the database: documents, conversations, what people said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexing.index import Index

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

# Vectors that nobody ranks by: no page of these does.
_DIMENSIONS = 8

_SOURCES = """
INSERT INTO sources (name, kind)
SELECT 'source-' || n, CASE n WHEN 4 THEN 'website' ELSE 'files' END FROM generate_series(1, 4) n
"""

_DOCUMENTS = """
INSERT INTO documents (source, id, kind, title, body, media_type, locale, url, audience,
    translation_group, heading_path, labels, promoted, edited_at, metadata, content_hash,
    metadata_hash, indexed_at)
SELECT 'source-' || 1 + n % 4, 'article:' || n, 'article',
       'How to ' || (ARRAY['return', 'repair', 'order', 'cancel', 'clean'])[1 + n % 5]
           || ' product ' || n,
       repeat('You can do so within ' || n % 60 || ' days of delivery. ', 20), 'text/html',
       (ARRAY['en-us', 'de', 'fr'])[1 + n % 3], 'https://help.example.com/hc/en-us/articles/' || n,
       CASE n % 20 WHEN 0 THEN '{agents}' WHEN 1 THEN '{segment:7}' ELSE '{public}' END::text[],
       'article:' || n / 3, '{Orders}', '{}', false, now() - n % 900 * interval '1 day',
       jsonb_build_object('article_id', n::text), sha256(n::text::bytea), '\\x00',
       now() - n % 300 * interval '1 day'
FROM generate_series(1, DOCUMENTS) n
"""

_PASSAGES = """
INSERT INTO PASSAGES (document_pk, id, ordinal, heading_path, anchor, text, tokens, language,
                        search, terms, embedding)
SELECT pk, 'chunk-' || pk || '-' || n, n, '{}', '', body.text, 120, 'english',
       to_tsvector('english', document.title || ' ' || body.text), '{1:1}/268435456',
       '[1,0,0,0,0,0,0,0]'
FROM documents AS document CROSS JOIN generate_series(1, 5) n
CROSS JOIN LATERAL (SELECT 'Step ' || n || ': you can do so within ' || pk % 60
                           || ' days of delivery, in ' || md5(pk::text) AS text) AS body
"""

_QUESTIONS = """
INSERT INTO questions (id, surface, text, locale, audience, asked_at, outcome, reason, detail,
    tags, evidence, engine, model, prompt_version, embedding_index, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, cost_usd, latency_ms)
SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       CASE WHEN n % 10 = 1 THEN 'help' WHEN n % 3 = 0 THEN 'slack' ELSE 'zendesk' END,
       'How can I ' || (ARRAY['return', 'repair', 'order', 'cancel', 'clean'])[1 + n % 5]
           || ' product ' || n || '? I bought it in ' || md5(n::text),
       'en', '{public}', now() - n * interval '5 minutes',
       CASE WHEN n % 4 = 0 THEN 'handed_off' WHEN n % 11 = 1 THEN 'drafted' ELSE 'answered' END,
       CASE WHEN n % 4 = 0 THEN (ARRAY['missing_knowledge', 'low_confidence',
            'customer_request'])[1 + n % 3] END,
       '', '{}', (n % 100) / 100.0, 'claude', 'claude', '3', 1, 3000, 200, 1000, 0, 0.01,
       jsonb_build_object('embed', 3 + n % 5, 'search', 20 + n % 30, 'rank', 1,
                          'answer', 900 + n % 2000, 'total', 1000 + n % 2100)
FROM generate_series(1, CONVERSATIONS) n
"""

_FOUND = """
INSERT INTO question_passages (question_id, rank, source, kind, document_id, chunk_id, title, url,
                               text, audience, score, dense, lexical)
SELECT question.id, rank, document.source, 'article', document.id,
       'chunk-' || document.pk || '-1', document.title, document.url,
       'Step 1: you can do so within ' || document.pk % 60 || ' days of delivery.',
       document.audience, 1 - rank / 10.0, 0.6, 0.5
FROM (SELECT id, row_number() OVER () AS n FROM questions) AS question
CROSS JOIN generate_series(1, 8) rank
JOIN documents AS document ON document.pk = CASE
    WHEN question.n % 10 = 0 AND rank = 1 THEN 200  -- one that many answers rest on
    ELSE 1 + (question.n * 7 + rank * rank * 131) % SOME END
"""

_CUT = """
INSERT INTO question_cuts (question_id, position, why, source, kind, document_id, chunk_id, title,
                           url, audience, score, dense, lexical)
SELECT question_id, rank, 'ranked_lower', source, kind, document_id, chunk_id, title, url, audience,
       score - 0.5, dense, lexical FROM question_passages
"""

_SAID = """
INSERT INTO statements (question_id, position, text)
SELECT id, n, 'You can do so within 30 days of delivery.' FROM questions
CROSS JOIN generate_series(1, 2) n WHERE outcome <> 'handed_off'
"""

_CITED = """
INSERT INTO citations (question_id, statement, position, document_id, chunk_id, title, url, quote)
SELECT said.question_id, said.position, 1, found.document_id, found.chunk_id, found.title,
       found.url, found.text
FROM statements AS said JOIN question_passages AS found
    ON found.question_id = said.question_id AND found.rank = said.position
"""

_TURNS = """
INSERT INTO ticket_turns (id, ticket_id, state, outcome, routing_tag, changes, asked_at,
                          decided_at, done_at)
SELECT id, row_number() OVER (), 'done', outcome, 'tag_' || (row_number() OVER ()) % 40,
       jsonb_build_array(jsonb_build_object('html', '<p>You can.</p>', 'public', true)),
       asked_at, asked_at, asked_at
FROM questions WHERE surface = 'zendesk'
"""

_TICKETS = """
INSERT INTO tickets (ticket_id, brand_id, channel, answered_at, confirmed_at, reopened_at, status,
                     requester_id)
SELECT ticket_id, 1, 'email', CASE WHEN outcome = 'answered' THEN asked_at END,
       CASE WHEN outcome = 'answered' AND ticket_id % 9 = 0 THEN asked_at END,
       CASE WHEN outcome = 'answered' AND ticket_id % 13 = 0 THEN asked_at END,
       CASE WHEN asked_at < now() - interval '2 days' THEN 'solved' ELSE 'open' END, ticket_id
FROM ticket_turns
"""

_CHECKS = """
INSERT INTO answer_checks (question_id, statements, supported, citations, needed, gone, faults,
                           sampled, sent_at, checked_at)
SELECT question_id, 2, 2 - (n % 9 = 0)::int, 2, 2 - (n % 7 = 0)::int, 0,
       CASE WHEN n % 9 = 0 THEN '[{"statement": 1, "kind": "number"}]' ELSE '[]' END::jsonb,
       n % 10 <> 0, sent_at, sent_at + interval '1 hour'
FROM (SELECT question_id, sent_at, row_number() OVER () AS n FROM given_answers) AS given
WHERE n % 4 = 0
"""

_RATINGS = """
INSERT INTO feedback (question_id, surface, person, helpful, reasons, given_at)
SELECT id, 'slack', 'U' || n % 200, n % 3 <> 0,
       CASE WHEN n % 3 = 0 THEN '{incorrect}' ELSE '{}' END::text[], asked_at
FROM (SELECT id, asked_at, row_number() OVER () AS n FROM questions WHERE surface = 'slack') AS one
WHERE n % 5 = 0
"""

_TAGS = """
INSERT INTO routing_tags (name, description)
SELECT 'tag_' || n, 'Everything about subject ' || n FROM generate_series(0, 39) n
"""
_EXAMPLES = """
INSERT INTO routing_examples (tag_id, text)
SELECT id, 'An example ' || n || ' of ' || name
FROM routing_tags CROSS JOIN generate_series(1, 25) n
"""

_AUDIT = """
INSERT INTO audit_log (at, surface, actor, action, target, before, after)
SELECT now() - n * interval '10 minutes', 'console', 'anna@example.com', 'sources changed',
       'source-1', '{"config": {"a": 1}}', '{"config": {"a": 2}}'
FROM generate_series(1, 50000) n
"""

_TOPICS = """
WITH topics AS (
    INSERT INTO gap_topics (handed_off, judged_wrong, last_asked, evidence_now)
    SELECT 50 - n % 50, n % 7, now(), 0.2 FROM generate_series(1, 40) n RETURNING id
), asked AS (SELECT id, row_number() OVER () AS n FROM questions LIMIT 3000)
INSERT INTO gap_topic_questions (topic_id, question_id, position)
SELECT topics.id, asked.id, asked.n / 40 FROM topics JOIN asked
    ON asked.n % 40 = topics.id % 40
"""
_TOPIC_ARTICLES = """
INSERT INTO gap_topic_articles (topic_id, document_pk, position, dense)
SELECT id, 1 + (id * 3 + n) % DOCUMENTS, n, 0.5 FROM gap_topics CROSS JOIN generate_series(0, 2) n
"""
_FINDINGS = """
INSERT INTO article_findings (kind, document_pk, other_pk, weight, detail)
SELECT kind, n, CASE WHEN kind IN ('contradiction', 'duplicate') THEN n + DOCUMENTS / 2 END,
       n / 1000.0,
       jsonb_build_object('ours', 'Within 30 days.', 'theirs', 'Within 45 days.', 'of', n)
FROM unnest(ARRAY['contradiction', 'duplicate', 'never_cited', 'stale']) kind
CROSS JOIN generate_series(1, least(500, DOCUMENTS / 2)) n
"""


def stock(pool: ConnectionPool[Connection[Any]], *, conversations: int, passages: int) -> None:
    """Fills an empty database; every fifth passage begins a document."""
    with pool.connection() as connection:
        index = Index.create(connection, model="bench", dimensions=_DIMENSIONS, state="live")
        made = {
            "DOCUMENTS": passages // 5,
            "CONVERSATIONS": conversations,
            "SOME": min(5_000, passages // 5),
            "PASSAGES": f"passages_{index.id}",
        }
        connection.execute("SET LOCAL synchronous_commit = off")
        for statement in (
            *(_SOURCES, _DOCUMENTS, _QUESTIONS, _PASSAGES, _FOUND, _CUT, _SAID, _CITED, _TURNS),
            *(
                _TICKETS,
                _CHECKS,
                _RATINGS,
                _TAGS,
                _EXAMPLES,
                _AUDIT,
                _TOPICS,
                _TOPIC_ARTICLES,
                _FINDINGS,
            ),
        ):
            text = statement
            for name, value in made.items():
                text = text.replace(name, str(value))
            connection.execute(text)
        connection.execute(
            "INSERT INTO index_languages (index_id, language, passages) VALUES (%s, 'english', %s)",
            (index.id, passages),
        )
    with pool.connection() as connection:
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")  # a year's rows do not come within a minute elsewhere
        connection.autocommit = False
