"""Every word of the help page that is not an answer, in the languages of replies to tickets, as
formally.

What an admin wrote stays as it is. Notices and the form for messages have tables of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.help.contact_texts import CONTACT_TEXTS, ContactTexts
from bot.help.notices import NOTICES, Notices
from bot.self_service import INTRODUCTION, TITLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """One language. `{number}` stands for the place in the list of sources; `title` and
    `introduction` are said where no admin wrote others."""

    title: str
    introduction: str
    question: str
    example: str
    ask: str
    looking: str
    broken: str
    answer: str
    source: str
    sources: str
    helped: str
    yes: str
    no: str
    no_answer: str
    near: str
    notices: Notices
    contact: ContactTexts


TEXTS: Mapping[str, Texts] = {
    "en": Texts(
        title=TITLE,
        introduction=INTRODUCTION,
        question="Your question",
        example="How do I …",
        ask="Ask",
        looking="Looking …",
        broken="The connection broke. Please ask again.",
        answer="Answer",
        source="Source {number}",
        sources="Sources",
        helped="Did this help?",
        yes="Yes, this helped",
        no="No, it did not",
        no_answer="We found no reliable answer to this.",
        near="These articles may be of use:",
        notices=NOTICES["en"],
        contact=CONTACT_TEXTS["en"],
    ),
    "de": Texts(
        title="Wie können wir Ihnen helfen?",
        introduction="Fragen Sie mit Ihren eigenen Worten. Jede Antwort zeigt, woher sie stammt.",
        question="Ihre Frage",
        example="Wie kann ich …",
        ask="Fragen",
        looking="Wir suchen …",
        broken="Die Verbindung ist abgebrochen. Bitte stellen Sie Ihre Frage noch einmal.",
        answer="Antwort",
        source="Quelle {number}",
        sources="Quellen",
        helped="Hat Ihnen das geholfen?",
        yes="Ja, das hat geholfen",
        no="Nein, leider nicht",
        no_answer="Darauf haben wir keine verlässliche Antwort gefunden.",
        near="Diese Artikel könnten Ihnen weiterhelfen:",
        notices=NOTICES["de"],
        contact=CONTACT_TEXTS["de"],
    ),
    "fr": Texts(
        title="Comment pouvons-nous vous aider ?",
        introduction="Posez votre question avec vos propres mots. Chaque réponse indique ses "
        "sources.",
        question="Votre question",
        example="Comment puis-je…",
        ask="Envoyer",
        looking="Recherche en cours…",
        broken="La connexion a été interrompue. Veuillez poser votre question à nouveau.",
        answer="Réponse",
        source="Source {number}",
        sources="Sources",
        helped="Cette réponse vous a-t-elle aidé ?",
        yes="Oui, elle m'a aidé",
        no="Non, elle ne m'a pas aidé",
        no_answer="Nous n'avons pas trouvé de réponse fiable à cette question.",
        near="Ces articles pourraient vous être utiles :",
        notices=NOTICES["fr"],
        contact=CONTACT_TEXTS["fr"],
    ),
    "es": Texts(
        title="¿En qué podemos ayudarle?",
        introduction="Pregunte con sus propias palabras. Cada respuesta indica de dónde procede.",
        question="Su pregunta",
        example="¿Cómo puedo…?",
        ask="Preguntar",
        looking="Buscando…",
        broken="Se ha interrumpido la conexión. Vuelva a hacer su pregunta.",
        answer="Respuesta",
        source="Fuente {number}",
        sources="Fuentes",
        helped="¿Le ha servido esta respuesta?",
        yes="Sí, me ha servido",
        no="No, no me ha servido",
        no_answer="No hemos encontrado una respuesta fiable a esta pregunta.",
        near="Estos artículos pueden serle útiles:",
        notices=NOTICES["es"],
        contact=CONTACT_TEXTS["es"],
    ),
    "it": Texts(
        title="Come possiamo aiutarLa?",
        introduction="Faccia una domanda con parole Sue. Ogni risposta indica da dove proviene.",
        question="La Sua domanda",
        example="Come posso…",
        ask="Invia",
        looking="Ricerca in corso…",
        broken="La connessione si è interrotta. Ripeta la domanda.",
        answer="Risposta",
        source="Fonte {number}",
        sources="Fonti",
        helped="Questa risposta Le è stata utile?",
        yes="Sì, mi è stata utile",
        no="No, non mi è stata utile",
        no_answer="Non abbiamo trovato una risposta affidabile a questa domanda.",
        near="Questi articoli potrebbero esserLe utili:",
        notices=NOTICES["it"],
        contact=CONTACT_TEXTS["it"],
    ),
    "nl": Texts(
        title="Hoe kunnen wij u helpen?",
        introduction="Stel uw vraag in uw eigen woorden. Bij elk antwoord staat waar het vandaan "
        "komt.",
        question="Uw vraag",
        example="Hoe kan ik …",
        ask="Versturen",
        looking="Wij zoeken …",
        broken="De verbinding is verbroken. Stel uw vraag opnieuw.",
        answer="Antwoord",
        source="Bron {number}",
        sources="Bronnen",
        helped="Heeft dit u geholpen?",
        yes="Ja, dit heeft geholpen",
        no="Nee, dit heeft niet geholpen",
        no_answer="Wij hebben hierop geen betrouwbaar antwoord gevonden.",
        near="Misschien hebt u iets aan deze artikelen:",
        notices=NOTICES["nl"],
        contact=CONTACT_TEXTS["nl"],
    ),
    "pt": Texts(
        title="Em que podemos ajudar?",
        introduction="Pergunte por palavras suas. Cada resposta indica de onde vem.",
        question="A sua pergunta",
        example="Como posso…",
        ask="Perguntar",
        looking="A procurar…",
        broken="A ligação foi interrompida. Faça a pergunta novamente.",
        answer="Resposta",
        source="Fonte {number}",
        sources="Fontes",
        helped="Esta resposta foi útil?",
        yes="Sim, foi útil",
        no="Não, não foi útil",
        no_answer="Não encontrámos uma resposta fiável a esta pergunta.",
        near="Estes artigos podem ser úteis:",
        notices=NOTICES["pt"],
        contact=CONTACT_TEXTS["pt"],
    ),
    "pl": Texts(
        title="W czym możemy pomóc?",
        introduction="Proszę zadać pytanie własnymi słowami. Przy każdej odpowiedzi podajemy "
        "źródła.",
        question="Państwa pytanie",
        example="Jak mogę…",
        ask="Wyślij",
        looking="Szukamy odpowiedzi…",
        broken="Połączenie zostało przerwane. Proszę zadać pytanie ponownie.",
        answer="Odpowiedź",
        source="Źródło {number}",
        sources="Źródła",
        helped="Czy ta odpowiedź była pomocna?",
        yes="Tak, pomogła",
        no="Nie, nie pomogła",
        no_answer="Nie znaleźliśmy wiarygodnej odpowiedzi na to pytanie.",
        near="Te artykuły mogą być przydatne:",
        notices=NOTICES["pl"],
        contact=CONTACT_TEXTS["pl"],
    ),
    "sv": Texts(
        title="Hur kan vi hjälpa dig?",
        introduction="Fråga med egna ord. Varje svar visar var det kommer ifrån.",
        question="Din fråga",
        example="Hur kan jag …",
        ask="Fråga",
        looking="Söker …",
        broken="Anslutningen bröts. Ställ frågan igen.",
        answer="Svar",
        source="Källa {number}",
        sources="Källor",
        helped="Var svaret till hjälp?",
        yes="Ja, det hjälpte",
        no="Nej, det hjälpte inte",
        no_answer="Vi hittade inget tillförlitligt svar på din fråga.",
        near="De här artiklarna kan vara till hjälp:",
        notices=NOTICES["sv"],
        contact=CONTACT_TEXTS["sv"],
    ),
    "da": Texts(
        title="Hvordan kan vi hjælpe dig?",
        introduction="Spørg med dine egne ord. Hvert svar viser, hvor det kommer fra.",
        question="Dit spørgsmål",
        example="Hvordan kan jeg …",
        ask="Spørg",
        looking="Søger …",
        broken="Forbindelsen blev afbrudt. Stil spørgsmålet igen.",
        answer="Svar",
        source="Kilde {number}",
        sources="Kilder",
        helped="Hjalp svaret dig?",
        yes="Ja, det hjalp",
        no="Nej, det hjalp ikke",
        no_answer="Vi fandt ikke noget pålideligt svar på dit spørgsmål.",
        near="Disse artikler kan måske hjælpe dig:",
        notices=NOTICES["da"],
        contact=CONTACT_TEXTS["da"],
    ),
    "ja": Texts(
        title="どのようなことでお困りですか?",
        introduction="ご自由な言葉でご質問ください。どの回答にも出典を示します。",
        question="ご質問",
        example="…するにはどうすればよいですか",
        ask="質問する",
        looking="検索しています…",
        broken="接続が切れました。もう一度ご質問ください。",
        answer="回答",
        source="参考記事 {number}",
        sources="参考記事",
        helped="この回答はお役に立ちましたか?",
        yes="はい、役に立ちました",
        no="いいえ、役に立ちませんでした",
        no_answer="確かな回答が見つかりませんでした。",
        near="次の記事がお役に立つかもしれません。",
        notices=NOTICES["ja"],
        contact=CONTACT_TEXTS["ja"],
    ),
}
