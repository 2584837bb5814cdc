"""Articles that no answer cites, and articles that many cite and nobody has looked at for long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

PERIOD = timedelta(days=90)
OLD = timedelta(days=365)

ANSWERS_NEEDED = 50
"""With fewer answers in the period, that an article was not cited says nothing."""

_MOST = 500

_FORGET = "DELETE FROM article_findings WHERE kind IN ('never_cited', 'stale')"

_ANSWERS = """
SELECT count(*) FROM questions
WHERE asked_at > now() - %(period)s AND outcome IN ('answered', 'drafted')
"""

# Of an article in several languages, an answer in one of them counts for all. What was only just
# added had no chance yet.
_NEVER_CITED = """
INSERT INTO article_findings (kind, document_pk, weight)
SELECT 'never_cited', document.pk, 0
FROM documents AS document
WHERE document.kind NOT IN ('ticket', 'macro')
  AND NOT EXISTS (
      SELECT FROM document_versions AS version
      WHERE version.source = document.source AND version.document_id = document.id
        AND version.changed = '{added}' AND version.at > now() - %(period)s)
  AND article_of(document.source, document.translation_group, document.id) NOT IN (
      SELECT article_of(cited.source, cited.translation_group, cited.id)
      FROM documents AS cited
      WHERE cited.id IN (
          SELECT citation.document_id FROM citations AS citation
          JOIN questions AS question ON question.id = citation.question_id
          WHERE question.asked_at > now() - %(period)s))
ORDER BY document.edited_at NULLS LAST, document.pk LIMIT %(most)s
"""

# Either it is old and much is built on it, or somebody has said that it is out of date.
_STALE = """
INSERT INTO article_findings (kind, document_pk, weight, detail)
SELECT 'stale', document.pk, said.answers + 20 * said.outdated,
       jsonb_build_object('answers', said.answers, 'outdated', said.outdated)
FROM documents AS document
JOIN (
    SELECT passage.source, citation.document_id,
           count(DISTINCT question.id) AS answers,
           count(DISTINCT question.id) FILTER (WHERE EXISTS (
               SELECT FROM feedback WHERE feedback.question_id = question.id
                 AND NOT helpful AND 'outdated' = ANY(reasons))
               OR EXISTS (SELECT FROM knowledge_reports AS report
                          WHERE report.question_id = question.id AND report.kind = 'wrong'
                            AND citation.document_id = ANY(report.documents)
                            AND report.settled_at IS NULL)) AS outdated
    FROM questions AS question
    JOIN citations AS citation ON citation.question_id = question.id
    JOIN question_passages AS passage ON passage.question_id = question.id
        AND passage.chunk_id = citation.chunk_id AND passage.document_id = citation.document_id
    WHERE question.asked_at > now() - %(period)s
    GROUP BY passage.source, citation.document_id
) AS said ON said.source = document.source AND said.document_id = document.id
WHERE document.kind NOT IN ('ticket', 'macro')
  AND (document.edited_at < now() - %(old)s OR said.outdated > 0)
ORDER BY said.answers + 20 * said.outdated DESC, document.pk LIMIT %(most)s
"""


def find_neglected(
    pool: ConnectionPool[Connection[Any]], *, answers_needed: int = ANSWERS_NEEDED
) -> int:
    """Works them out anew, in the place of the old ones; returns how many there are."""
    values = {"period": PERIOD, "old": OLD, "most": _MOST}
    with pool.connection() as connection:
        connection.execute(_FORGET)
        answers = connection.execute(_ANSWERS, values).fetchone()
        found = connection.execute(_STALE, values).rowcount
        if answers is not None and answers[0] >= answers_needed:
            found += connection.execute(_NEVER_CITED, values).rowcount
    return found
