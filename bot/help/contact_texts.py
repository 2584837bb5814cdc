"""The words of the form for messages to the team and of the tickets that they become, in the
languages of `texts`, as formally.

Nothing here promises when somebody will answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactTexts:
    """One language. From `subject` on they stand in the ticket, around what was asked."""

    heading: str
    email: str
    name: str
    message: str
    send: str
    sent_along: str
    invalid: str
    sent: str
    subject: str
    before: str
    asked: str
    answered: str
    unanswered: str


CONTACT_TEXTS: Mapping[str, ContactTexts] = {
    "en": ContactTexts(
        heading="Contact us",
        email="Your e-mail address",
        name="Your name",
        message="What can we do for you?",
        send="Send to our team",
        sent_along="What you asked here is sent along.",
        invalid="Write your e-mail address and what we can do for you.",
        sent="Thank you. Your message is with our team, who will answer you by e-mail.",
        subject="A question from the help page",
        before="Before, on the help page:",
        asked="Asked:",
        answered="Answered:",
        unanswered="No answer.",
    ),
    "de": ContactTexts(
        heading="Schreiben Sie uns",
        email="Ihre E-Mail-Adresse",
        name="Ihr Name",
        message="Was können wir für Sie tun?",
        send="An unser Team senden",
        sent_along="Was Sie hier gefragt haben, wird mitgesendet.",
        invalid="Bitte geben Sie Ihre E-Mail-Adresse an, und schreiben Sie, was wir für Sie tun "
        "können.",
        sent="Vielen Dank. Ihre Nachricht liegt unserem Team vor, das Ihnen per E-Mail antwortet.",
        subject="Eine Frage von der Hilfeseite",
        before="Zuvor auf der Hilfeseite:",
        asked="Frage:",
        answered="Antwort:",
        unanswered="Keine Antwort.",
    ),
    "fr": ContactTexts(
        heading="Contactez-nous",
        email="Votre adresse e-mail",
        name="Votre nom",
        message="Que pouvons-nous faire pour vous ?",
        send="Envoyer à notre équipe",
        sent_along="Ce que vous avez demandé ici sera joint à votre message.",
        invalid="Veuillez indiquer votre adresse e-mail et ce que nous pouvons faire pour vous.",
        sent="Merci. Votre message a été transmis à notre équipe, qui vous répondra par e-mail.",
        subject="Une question de la page d'aide",
        before="Auparavant, sur la page d'aide :",
        asked="Question :",
        answered="Réponse :",
        unanswered="Sans réponse.",
    ),
    "es": ContactTexts(
        heading="Contacte con nosotros",
        email="Su dirección de correo electrónico",
        name="Su nombre",
        message="¿Qué podemos hacer por usted?",
        send="Enviar a nuestro equipo",
        sent_along="Lo que ha preguntado aquí se enviará con su mensaje.",
        invalid="Escriba su dirección de correo electrónico y qué podemos hacer por usted.",
        sent="Gracias. Nuestro equipo ha recibido su mensaje y le responderá por correo "
        "electrónico.",
        subject="Una pregunta de la página de ayuda",
        before="Antes, en la página de ayuda:",
        asked="Pregunta:",
        answered="Respuesta:",
        unanswered="Sin respuesta.",
    ),
    "it": ContactTexts(
        heading="Ci contatti",
        email="Il Suo indirizzo e-mail",
        name="Il Suo nome",
        message="Che cosa possiamo fare per Lei?",
        send="Invia al nostro team",
        sent_along="Quanto ha chiesto qui verrà inviato insieme al messaggio.",
        invalid="Indichi il Suo indirizzo e-mail e che cosa possiamo fare per Lei.",
        sent="Grazie. Il nostro team ha ricevuto il Suo messaggio e Le risponderà via e-mail.",
        subject="Una domanda dalla pagina di assistenza",
        before="In precedenza, sulla pagina di assistenza:",
        asked="Domanda:",
        answered="Risposta:",
        unanswered="Nessuna risposta.",
    ),
    "nl": ContactTexts(
        heading="Neem contact met ons op",
        email="Uw e-mailadres",
        name="Uw naam",
        message="Wat kunnen wij voor u doen?",
        send="Naar ons team sturen",
        sent_along="Wat u hier hebt gevraagd, wordt meegestuurd.",
        invalid="Vul uw e-mailadres in en schrijf wat wij voor u kunnen doen.",
        sent="Dank u wel. Ons team heeft uw bericht ontvangen en antwoordt u per e-mail.",
        subject="Een vraag via de helppagina",
        before="Eerder op de helppagina:",
        asked="Vraag:",
        answered="Antwoord:",
        unanswered="Geen antwoord.",
    ),
    "pt": ContactTexts(
        heading="Contacte-nos",
        email="O seu endereço de e-mail",
        name="O seu nome",
        message="O que podemos fazer por si?",
        send="Enviar à nossa equipa",
        sent_along="O que perguntou aqui será enviado com a mensagem.",
        invalid="Escreva o seu endereço de e-mail e o que podemos fazer por si.",
        sent="Obrigado. A nossa equipa recebeu a sua mensagem e vai responder-lhe por e-mail.",
        subject="Uma pergunta da página de ajuda",
        before="Antes, na página de ajuda:",
        asked="Pergunta:",
        answered="Resposta:",
        unanswered="Sem resposta.",
    ),
    "pl": ContactTexts(
        heading="Kontakt z nami",
        email="Adres e-mail",
        name="Imię i nazwisko",
        message="Co możemy dla Państwa zrobić?",
        send="Wyślij do naszego zespołu",
        sent_along="Zadane tutaj pytania zostaną dołączone do wiadomości.",
        invalid="Proszę podać adres e-mail i napisać, co możemy dla Państwa zrobić.",
        sent="Dziękujemy. Państwa wiadomość trafiła do naszego zespołu, który odpowie e-mailem.",
        subject="Pytanie ze strony pomocy",
        before="Wcześniej na stronie pomocy:",
        asked="Pytanie:",
        answered="Odpowiedź:",
        unanswered="Brak odpowiedzi.",
    ),
    "sv": ContactTexts(
        heading="Kontakta oss",
        email="Din e-postadress",
        name="Ditt namn",
        message="Vad kan vi göra för dig?",
        send="Skicka till vårt team",
        sent_along="Det du har frågat här skickas med.",
        invalid="Skriv din e-postadress och vad vi kan göra för dig.",
        sent="Tack. Vårt team har fått ditt meddelande och svarar dig via e-post.",
        subject="En fråga från hjälpsidan",
        before="Tidigare på hjälpsidan:",
        asked="Fråga:",
        answered="Svar:",
        unanswered="Inget svar.",
    ),
    "da": ContactTexts(
        heading="Kontakt os",
        email="Din e-mailadresse",
        name="Dit navn",
        message="Hvad kan vi gøre for dig?",
        send="Send til vores team",
        sent_along="Det, du har spurgt om her, sendes med.",
        invalid="Skriv din e-mailadresse, og hvad vi kan gøre for dig.",
        sent="Tak. Vores team har modtaget din besked og svarer dig via e-mail.",
        subject="Et spørgsmål fra hjælpesiden",
        before="Tidligere på hjælpesiden:",
        asked="Spørgsmål:",
        answered="Svar:",
        unanswered="Intet svar.",
    ),
    "ja": ContactTexts(
        heading="お問い合わせ",
        email="メールアドレス",
        name="お名前",
        message="お問い合わせ内容",
        send="担当者に送信する",
        sent_along="こちらでのご質問の内容も一緒に送信されます。",
        invalid="メールアドレスとお問い合わせ内容をご入力ください。",
        sent="ありがとうございます。メッセージを承りました。担当者がメールでご返信いたします。",
        subject="ヘルプページからのお問い合わせ",
        before="ヘルプページでのこれまでのやり取り:",
        asked="ご質問:",
        answered="回答:",
        unanswered="回答なし。",
    ),
}


def contact_texts_for(language: str) -> ContactTexts:
    """The texts of a language; English where another release knew more of them."""
    return CONTACT_TEXTS.get(language, CONTACT_TEXTS["en"])
