"""Every word that the bot itself says in conversations, in the languages that it speaks.

Home, dialogs for admins and what only an admin reads are in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.models import HandoffReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """One language. `{n}`, `{date}`, `{channel}`, `{who}` and the like stand for what is put in
    their place. `handoff` is by reason; what is not there is told as `handoff_otherwise`.
    `no_draft` is by why there is none."""

    sources: str
    edited: str
    internal: str
    public_only: str
    rest: str
    show_passage: str
    ask_person: str
    report: str
    missing: str
    more: str
    good: str
    bad: str
    publish: str
    nearest: str
    next_step: str
    continued: str
    stopped: str
    thinking: str
    steps: tuple[str, ...]
    no_words: str
    only_files: str
    not_postable: str
    private_note: str
    about: str
    asked_by: str
    looking: str
    not_public: str
    members_only: str
    sent_directly: str
    failed: str
    drafts_alone: str
    drafts_for_agents: str
    no_draft: Mapping[str, str]
    handoff_otherwise: str
    handoff: Mapping[HandoffReason, str]


FALLBACK = "en"

TEXTS: Mapping[str, Texts] = {
    "en": Texts(
        sources="Sources",
        edited="edited {date}",
        internal="internal, not for customers",
        public_only="Others can read along here, so this uses public articles only.",
        rest="All of it by direct message",
        show_passage="Show passage",
        ask_person="Ask a person",
        report="Report a wrong or missing article",
        missing="Report a missing article",
        more="More",
        good="Helpful",
        bad="Not helpful",
        publish="Post to channel",
        nearest="Closest articles",
        next_step="You can ask a person, or tell us which article is missing.",
        continued="(continued)",
        stopped="Stopped, as you wished.",
        thinking="is looking it up…",
        steps=("Searching the articles…", "Reading passages…", "Checking each statement…"),
        no_words="Ask me something in words, for example: “How long can an item be returned?”",
        only_files="I read words, not files. Write your question with it and I look it up.",
        not_postable="I could not reply in {channel}, so here is my answer:",
        private_note="Only you see this.",
        about="About “{question}”",
        asked_by="{who} asked: {question}",
        looking="Looking it up…",
        not_public="Others may not read this answer, and no public article answers it, so "
        "nothing was posted.",
        members_only="The rest is for members of the team only.",
        sent_directly="I sent it to you by direct message.",
        failed="That did not work. Try it again in a minute.",
        drafts_alone="Others can read along here, so ask me about tickets in a direct message.",
        drafts_for_agents="Only agents of the Zendesk account may ask about tickets. I know them "
        "by the e-mail address that Slack and Zendesk have in common.",
        no_draft={
            "gone": "There is no ticket {ticket}, or it was deleted.",
            "nothing asked": "No customer has written in ticket {ticket}.",
            "no words": "There are no words to answer in ticket {ticket}.",
            "answered": "I have answered ticket {ticket} already: the reply stands in the ticket.",
        },
        handoff_otherwise="I cannot answer this reliably.",
        handoff={
            HandoffReason.CUSTOMER_REQUEST: "You would like a person to look at this.",
            HandoffReason.MISSING_KNOWLEDGE: "I found no article that answers this.",
            HandoffReason.LOW_CONFIDENCE: "I am not sure enough to answer this.",
            HandoffReason.UNVERIFIED_ANSWER: "I found articles, but no answer that they carry.",
            HandoffReason.SENSITIVE_TOPIC: "This topic is for a person to answer.",
            HandoffReason.ENGINE_UNAVAILABLE: "The model that writes answers is away just now.",
            HandoffReason.LIMIT_REACHED: "The limit for answers is reached for now.",
        },
    ),
    "de": Texts(
        sources="Quellen",
        edited="bearbeitet {date}",
        internal="intern, nicht für Kunden",
        public_only="Hier lesen andere mit, deshalb stützt sich dies nur auf öffentliche Artikel.",
        rest="Alles per Direktnachricht",
        show_passage="Textstelle zeigen",
        ask_person="Einen Menschen fragen",
        report="Falschen oder fehlenden Artikel melden",
        missing="Fehlenden Artikel melden",
        more="Mehr",
        good="Hilfreich",
        bad="Nicht hilfreich",
        publish="Im Kanal posten",
        nearest="Nächstliegende Artikel",
        next_step="Du kannst einen Menschen fragen oder melden, welcher Artikel fehlt.",
        continued="(Fortsetzung)",
        stopped="Auf deinen Wunsch angehalten.",
        thinking="schaut nach …",
        steps=("Durchsucht die Artikel …", "Liest Textstellen …", "Prüft jede Aussage …"),
        no_words="Frag mich etwas in Worten, zum Beispiel: „Wie lange kann man etwas zurückgeben?“",
        only_files="Ich lese Worte, keine Dateien. Schreib deine Frage dazu, dann schaue ich nach.",
        not_postable="Ich konnte in {channel} nicht antworten, deshalb steht meine Antwort hier:",
        private_note="Nur du siehst das.",
        about="Zu „{question}“",
        asked_by="{who} hat gefragt: {question}",
        looking="Ich schaue nach …",
        not_public="Andere dürfen diese Antwort nicht lesen, und kein öffentlicher Artikel "
        "beantwortet die Frage, deshalb wurde nichts gepostet.",
        members_only="Alles Weitere ist nur für Mitglieder des Teams.",
        sent_directly="Ich habe es dir per Direktnachricht geschickt.",
        failed="Das hat nicht geklappt. Versuch es in einer Minute noch einmal.",
        drafts_alone="Hier lesen andere mit, frag mich nach Tickets deshalb per Direktnachricht.",
        drafts_for_agents="Nach Tickets dürfen nur Agenten des Zendesk-Kontos fragen. Ich erkenne "
        "sie an der E-Mail-Adresse, die sie in Slack und Zendesk gemeinsam haben.",
        no_draft={
            "gone": "Das Ticket {ticket} gibt es nicht, oder es wurde gelöscht.",
            "nothing asked": "Im Ticket {ticket} hat kein Kunde geschrieben.",
            "no words": "Im Ticket {ticket} stehen keine Worte, auf die ich antworten kann.",
            "answered": "Das Ticket {ticket} habe ich schon beantwortet: die Antwort steht dort.",
        },
        handoff_otherwise="Das kann ich nicht verlässlich beantworten.",
        handoff={
            HandoffReason.CUSTOMER_REQUEST: "Du möchtest, dass ein Mensch sich das ansieht.",
            HandoffReason.MISSING_KNOWLEDGE: "Ich habe keinen Artikel dazu gefunden.",
            HandoffReason.LOW_CONFIDENCE: "Ich bin mir nicht sicher genug, um das zu beantworten.",
            HandoffReason.UNVERIFIED_ANSWER: "Ich habe Artikel gefunden, aber keine Antwort, die "
            "sie belegen.",
            HandoffReason.SENSITIVE_TOPIC: "Dieses Thema beantwortet ein Mensch.",
            HandoffReason.ENGINE_UNAVAILABLE: "Das Modell, das Antworten schreibt, ist gerade "
            "nicht erreichbar.",
            HandoffReason.LIMIT_REACHED: "Das Limit für Antworten ist vorerst erreicht.",
        },
    ),
    "fr": Texts(
        sources="Sources",
        edited="modifié le {date}",
        internal="interne, pas pour les clients",
        public_only="D'autres lisent ici : cette réponse n'utilise que les articles publics.",
        rest="Tout par message direct",
        show_passage="Voir le passage",
        ask_person="Demander à une personne",
        report="Signaler un article faux ou manquant",
        missing="Signaler un article manquant",
        more="Plus",
        good="Utile",
        bad="Pas utile",
        publish="Publier dans le canal",
        nearest="Articles les plus proches",
        next_step="Vous pouvez demander à une personne ou signaler l'article qui manque.",
        continued="(suite)",
        stopped="Arrêté, comme vous le souhaitiez.",
        thinking="cherche la réponse…",
        steps=("Recherche dans les articles…", "Lecture des passages…", "Vérification…"),
        no_words="Posez-moi une question, par exemple : « Quel est le délai de retour ? »",
        only_files="Je lis les mots, pas les fichiers. Écrivez votre question et je la cherche.",
        not_postable="Je n'ai pas pu répondre dans {channel}, voici donc ma réponse :",
        private_note="Vous seul voyez ce message.",
        about="À propos de « {question} »",
        asked_by="{who} a demandé : {question}",
        looking="Je cherche…",
        not_public="D'autres ne doivent pas lire cette réponse et aucun article public ne "
        "répond : rien n'a été publié.",
        members_only="Le reste est réservé aux membres de l'équipe.",
        sent_directly="Je vous l'ai envoyé par message direct.",
        failed="Cela n'a pas fonctionné. Réessayez dans une minute.",
        drafts_alone="D'autres lisent ici : demandez-le-moi par message direct.",
        drafts_for_agents="Seuls les agents du compte Zendesk peuvent demander des tickets. Je les "
        "reconnais à l'adresse e-mail commune à Slack et à Zendesk.",
        no_draft={
            "gone": "Le ticket {ticket} n'existe pas ou a été supprimé.",
            "nothing asked": "Aucun client n'a écrit dans le ticket {ticket}.",
            "no words": "Le ticket {ticket} ne contient pas de mots auxquels répondre.",
            "answered": "J'ai déjà répondu au ticket {ticket} : la réponse s'y trouve.",
        },
        handoff_otherwise="Je ne peux pas répondre de façon fiable.",
        handoff={
            HandoffReason.CUSTOMER_REQUEST: "Vous souhaitez qu'une personne s'en occupe.",
            HandoffReason.MISSING_KNOWLEDGE: "Aucun article ne répond à cette question.",
            HandoffReason.LOW_CONFIDENCE: "Je ne suis pas assez sûr pour répondre.",
            HandoffReason.UNVERIFIED_ANSWER: "J'ai trouvé des articles, mais aucune réponse "
            "qu'ils étayent.",
            HandoffReason.SENSITIVE_TOPIC: "Ce sujet relève d'une personne.",
            HandoffReason.ENGINE_UNAVAILABLE: "Le modèle qui rédige est indisponible.",
            HandoffReason.LIMIT_REACHED: "La limite de réponses est atteinte pour le moment.",
        },
    ),
    "es": Texts(
        sources="Fuentes",
        edited="editado el {date}",
        internal="interno, no para clientes",
        public_only="Aquí leen otras personas, así que solo se usan artículos públicos.",
        rest="Todo por mensaje directo",
        show_passage="Ver el pasaje",
        ask_person="Preguntar a una persona",
        report="Avisar de un artículo erróneo o que falta",
        missing="Avisar de un artículo que falta",
        more="Más",
        good="Útil",
        bad="No es útil",
        publish="Publicar en el canal",
        nearest="Artículos más cercanos",
        next_step="Puedes preguntar a una persona o decirnos qué artículo falta.",
        continued="(continuación)",
        stopped="Detenido, como querías.",
        thinking="está buscando…",
        steps=("Buscando en los artículos…", "Leyendo pasajes…", "Comprobando cada frase…"),
        no_words="Pregúntame algo con palabras, por ejemplo: «¿Qué plazo hay para devolver?»",
        only_files="Leo palabras, no archivos. Escribe tu pregunta y la busco.",
        not_postable="No pude responder en {channel}, así que aquí está mi respuesta:",
        private_note="Solo tú ves esto.",
        about="Sobre «{question}»",
        asked_by="{who} preguntó: {question}",
        looking="Lo estoy buscando…",
        not_public="Otras personas no deben leer esta respuesta y ningún artículo público "
        "lo responde, así que no se publicó nada.",
        members_only="El resto es solo para miembros del equipo.",
        sent_directly="Te lo he enviado por mensaje directo.",
        failed="No ha funcionado. Inténtalo de nuevo en un minuto.",
        drafts_alone="Aquí leen otras personas: pregúntame por mensaje directo.",
        drafts_for_agents="Solo los agentes de la cuenta de Zendesk pueden preguntar por tickets. "
        "Los reconozco por la dirección de correo que comparten Slack y Zendesk.",
        no_draft={
            "gone": "El ticket {ticket} no existe o fue eliminado.",
            "nothing asked": "Ningún cliente ha escrito en el ticket {ticket}.",
            "no words": "En el ticket {ticket} no hay palabras a las que responder.",
            "answered": "Ya respondí al ticket {ticket}: la respuesta está allí.",
        },
        handoff_otherwise="No puedo responder a esto con seguridad.",
        handoff={
            HandoffReason.CUSTOMER_REQUEST: "Quieres que lo mire una persona.",
            HandoffReason.MISSING_KNOWLEDGE: "No encontré ningún artículo que lo responda.",
            HandoffReason.LOW_CONFIDENCE: "No estoy lo bastante seguro para responder.",
            HandoffReason.UNVERIFIED_ANSWER: "Encontré artículos, pero ninguna respuesta que "
            "respalden.",
            HandoffReason.SENSITIVE_TOPIC: "Este tema lo responde una persona.",
            HandoffReason.ENGINE_UNAVAILABLE: "El modelo que escribe no está disponible.",
            HandoffReason.LIMIT_REACHED: "Se alcanzó el límite de respuestas por ahora.",
        },
    ),
}


def language_of(locale: str) -> str:
    """The language of a locale such as "de-AT", else the one that the bot falls back to."""
    language = locale.lower().replace("_", "-").partition("-")[0]
    return language if language in TEXTS else FALLBACK


def texts_for(locale: str) -> Texts:
    """The words in the language of a locale, else in English."""
    return TEXTS[language_of(locale)]
