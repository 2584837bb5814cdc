"""Every word that customers read from the bot itself, in the languages it speaks.

Where a language has a formal address, it is the formal one. `person_phrase` is what a customer
is told to write for a person; `asks_for_person` understands each of them. Nothing here promises
when somebody will answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Texts:
    """One language. `{name}`, `{phrase}` and `{hours}` stand for what is put in their place."""

    greeting: str
    greeting_named: str
    sources: str
    more: str
    written_by_bot: str
    checked_by_person: str
    person: str
    person_phrase: str
    solved: str
    yes: str
    no: str
    sign_off: str
    takeover: str
    hours: str


FALLBACK = "en"

TEXTS: Mapping[str, Texts] = {
    "en": Texts(
        greeting="Hello,",
        greeting_named="Hello {name},",
        sources="Sources",
        more="There is more about this in the articles below.",
        written_by_bot="This reply was written by a bot, from the articles above.",
        checked_by_person="A bot drafted this reply from the articles above, and a person of "
        "our team checked it.",
        person="To reach a person, reply with “{phrase}”.",
        person_phrase="Talk to a person",
        solved="Did this answer your question?",
        yes="Yes, it did",
        no="No, it did not",
        sign_off="Kind regards",
        takeover="A person from our team is taking over your request and will reply to you here.",
        hours="Our working hours: {hours}",
    ),
    "de": Texts(
        greeting="Guten Tag,",
        greeting_named="Guten Tag {name},",
        sources="Quellen",
        more="Mehr dazu steht in den Artikeln unten.",
        written_by_bot="Diese Antwort hat ein Bot aus den oben genannten Artikeln geschrieben.",
        checked_by_person="Diese Antwort hat ein Bot aus den oben genannten Artikeln "
        "entworfen und ein Mensch aus unserem Team geprüft.",
        person="Wenn Sie einen Menschen erreichen möchten, antworten Sie mit „{phrase}“.",
        person_phrase="Mit einem Menschen sprechen",
        solved="Hat das Ihre Frage beantwortet?",
        yes="Ja",
        no="Nein",
        sign_off="Mit freundlichen Grüßen",
        takeover="Ein Mensch aus unserem Team übernimmt Ihre Anfrage und antwortet Ihnen hier.",
        hours="Unsere Arbeitszeiten: {hours}",
    ),
    "fr": Texts(
        greeting="Bonjour,",
        greeting_named="Bonjour {name},",
        sources="Sources",
        more="Vous en trouverez davantage dans les articles ci-dessous.",
        written_by_bot="Cette réponse a été rédigée par un robot à partir des articles ci-dessus.",
        checked_by_person="Cette réponse a été préparée par un robot à partir des articles "
        "ci-dessus et vérifiée par une personne de notre équipe.",
        person="Pour joindre une personne, répondez « {phrase} ».",
        person_phrase="Parler à une personne",
        solved="Cette réponse vous a-t-elle aidé ?",
        yes="Oui",
        no="Non",
        sign_off="Cordialement",
        takeover="Une personne de notre équipe prend votre demande en charge et vous répondra ici.",
        hours="Nos horaires : {hours}",
    ),
    "es": Texts(
        greeting="Buenos días:",
        greeting_named="Buenos días, {name}:",
        sources="Fuentes",
        more="Encontrará más información en los artículos de abajo.",
        written_by_bot="Esta respuesta la ha escrito un bot a partir de los artículos citados.",
        checked_by_person="Esta respuesta la ha preparado un bot a partir de los artículos "
        "citados y la ha revisado una persona de nuestro equipo.",
        person="Para contactar con una persona, responda «{phrase}».",
        person_phrase="Hablar con una persona",
        solved="¿Ha respondido esto a su pregunta?",
        yes="Sí",
        no="No",
        sign_off="Atentamente",
        takeover="Una persona de nuestro equipo se hace cargo de su consulta y le responderá aquí.",
        hours="Nuestro horario: {hours}",
    ),
    "it": Texts(
        greeting="Buongiorno,",
        greeting_named="Buongiorno {name},",
        sources="Fonti",
        more="Troverà altre informazioni negli articoli qui sotto.",
        written_by_bot="Questa risposta è stata scritta da un bot in base agli articoli citati.",
        checked_by_person="Questa risposta è stata preparata da un bot in base agli articoli "
        "citati e verificata da una persona del nostro team.",
        person="Per contattare una persona, risponda «{phrase}».",
        person_phrase="Parlare con una persona",
        solved="Questa risposta Le è stata utile?",
        yes="Sì",
        no="No",
        sign_off="Cordiali saluti",
        takeover="Una persona del nostro team si occupa della Sua richiesta e Le risponderà qui.",
        hours="I nostri orari: {hours}",
    ),
    "nl": Texts(
        greeting="Goedendag,",
        greeting_named="Goedendag {name},",
        sources="Bronnen",
        more="In de artikelen hieronder vindt u meer informatie.",
        written_by_bot="Dit antwoord is door een bot geschreven op basis van de artikelen.",
        checked_by_person="Dit antwoord is door een bot opgesteld op basis van de artikelen "
        "en door een medewerker van ons team gecontroleerd.",
        person="Wilt u een medewerker bereiken, antwoord dan met “{phrase}”.",
        person_phrase="Met een medewerker spreken",
        solved="Is uw vraag hiermee beantwoord?",
        yes="Ja",
        no="Nee",
        sign_off="Met vriendelijke groet",
        takeover="Een medewerker van ons team neemt uw vraag over en antwoordt u hier.",
        hours="Onze werktijden: {hours}",
    ),
    "pt": Texts(
        greeting="Olá,",
        greeting_named="Olá, {name},",
        sources="Fontes",
        more="Encontra mais informações nos artigos abaixo.",
        written_by_bot="Esta resposta foi escrita por um bot com base nos artigos acima.",
        checked_by_person="Esta resposta foi preparada por um bot com base nos artigos acima "
        "e verificada por uma pessoa da nossa equipa.",
        person="Para contactar uma pessoa, responda “{phrase}”.",
        person_phrase="Falar com uma pessoa",
        solved="Esta resposta foi útil?",
        yes="Sim",
        no="Não",
        sign_off="Com os melhores cumprimentos",
        takeover="Uma pessoa da nossa equipa vai tratar do seu pedido e responder-lhe aqui.",
        hours="O nosso horário: {hours}",
    ),
    "pl": Texts(
        greeting="Dzień dobry,",
        greeting_named="Dzień dobry,",  # a name would have to be declined
        sources="Źródła",
        more="Więcej informacji znajduje się w poniższych artykułach.",
        written_by_bot="Tę odpowiedź napisał bot na podstawie powyższych artykułów.",
        checked_by_person="Tę odpowiedź przygotował bot na podstawie powyższych artykułów, a "
        "sprawdził ją pracownik naszego zespołu.",
        person="Aby skontaktować się z człowiekiem, proszę odpowiedzieć „{phrase}”.",
        person_phrase="Rozmowa z człowiekiem",
        solved="Czy ta odpowiedź była pomocna?",
        yes="Tak",
        no="Nie",
        sign_off="Z poważaniem",
        takeover="Państwa zgłoszenie przejmuje pracownik naszego zespołu i odpowie tutaj.",
        hours="Godziny pracy: {hours}",
    ),
    "sv": Texts(
        greeting="Hej,",
        greeting_named="Hej {name},",
        sources="Källor",
        more="Det finns mer om detta i artiklarna nedan.",
        written_by_bot="Svaret är skrivet av en bot utifrån artiklarna ovan.",
        checked_by_person="Svaret är utformat av en bot utifrån artiklarna ovan och granskat "
        "av en person i vårt team.",
        person="Vill du nå en person, svara med ”{phrase}”.",
        person_phrase="Prata med en person",
        solved="Fick du svar på din fråga?",
        yes="Ja",
        no="Nej",
        sign_off="Med vänliga hälsningar",
        takeover="En person i vårt team tar över ditt ärende och svarar dig här.",
        hours="Våra öppettider: {hours}",
    ),
    "da": Texts(
        greeting="Hej,",
        greeting_named="Hej {name},",
        sources="Kilder",
        more="Der står mere om dette i artiklerne nedenfor.",
        written_by_bot="Svaret er skrevet af en bot ud fra artiklerne ovenfor.",
        checked_by_person="Svaret er udarbejdet af en bot ud fra artiklerne ovenfor og "
        "gennemset af en person fra vores team.",
        person="Vil du i kontakt med et menneske, så svar »{phrase}«.",
        person_phrase="Tal med et menneske",
        solved="Fik du svar på dit spørgsmål?",
        yes="Ja",
        no="Nej",
        sign_off="Med venlig hilsen",
        takeover="En person fra vores team overtager din henvendelse og svarer dig her.",
        hours="Vores åbningstider: {hours}",
    ),
    "ja": Texts(
        greeting="お問い合わせありがとうございます。",
        greeting_named="{name} 様",
        sources="参考記事",
        more="詳しくは下記の記事をご覧ください。",
        written_by_bot="この返信は、上記の記事をもとにボットが作成しました。",
        checked_by_person="この返信は、上記の記事をもとにボットが下書きし、担当者が確認しました。",
        person="担当者をご希望の場合は「{phrase}」とご返信ください。",
        person_phrase="担当者と話したい",
        solved="ご質問は解決しましたか?",
        yes="はい",
        no="いいえ",
        sign_off="よろしくお願いいたします。",
        takeover="担当者がお問い合わせを引き継ぎ、こちらにご返信いたします。",
        hours="営業時間:{hours}",
    ),
}


SOURCE_HEADINGS = frozenset(each.sources for each in TEXTS.values())


def language_of(locale: str) -> str:
    """The language of the locale where there are texts in it, else English."""
    language = locale.lower().replace("_", "-").partition("-")[0]
    return language if language in TEXTS else FALLBACK


def texts_for(locale: str) -> Texts:
    """The texts for a locale such as "de", "pt-BR" or "": English where it is not known."""
    return TEXTS[language_of(locale)]
