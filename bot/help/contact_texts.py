"""The words of the form for messages to the team, in the languages of `texts`, as formally.

Nothing here promises when somebody will answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactTexts:
    """One language."""

    heading: str
    email: str
    name: str
    message: str
    send: str
    sent_along: str
    invalid: str
    sent: str


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
    ),
}
