"""The words of the pages behind "yes" and "no", in the languages of `texts`, as formally."""

from __future__ import annotations

from collections.abc import Mapping

from bot.zendesk.feedback import PageTexts
from bot.zendesk.texts import language_of

PAGE_TEXTS: Mapping[str, PageTexts] = {
    "en": PageTexts(
        confirm_title="Did this answer your question?",
        confirm_yes="Please confirm that the reply answered your question. We will then mark "
        "your request as solved.",
        confirm_no="Please confirm that the reply did not answer your question. A person from "
        "our team will then take over.",
        button="Confirm",
        thanks_title="Thank you",
        thanks_yes="Your request is being marked as solved. If you have another question, reply "
        "to the message.",
        thanks_no="A person from our team is taking over your request and will reply to you there.",
        invalid_title="This link is not valid",
        invalid="It may be incomplete or too old. Please reply to the message instead.",
    ),
    "de": PageTexts(
        confirm_title="Hat das Ihre Frage beantwortet?",
        confirm_yes="Bitte bestätigen Sie, dass die Antwort Ihre Frage beantwortet hat. Wir "
        "kennzeichnen Ihre Anfrage dann als gelöst.",
        confirm_no="Bitte bestätigen Sie, dass die Antwort Ihre Frage nicht beantwortet hat. "
        "Dann übernimmt ein Mensch aus unserem Team.",
        button="Bestätigen",
        thanks_title="Vielen Dank",
        thanks_yes="Ihre Anfrage wird als gelöst gekennzeichnet. Wenn Sie noch eine Frage haben, "
        "antworten Sie auf die Nachricht.",
        thanks_no="Ein Mensch aus unserem Team übernimmt Ihre Anfrage und antwortet Ihnen dort.",
        invalid_title="Dieser Link ist nicht gültig",
        invalid="Er ist vielleicht unvollständig oder zu alt. Bitte antworten Sie stattdessen auf "
        "die Nachricht.",
    ),
    "fr": PageTexts(
        confirm_title="Cette réponse vous a-t-elle aidé ?",
        confirm_yes="Veuillez confirmer que la réponse vous a aidé. Votre demande sera alors "
        "marquée comme résolue.",
        confirm_no="Veuillez confirmer que la réponse ne vous a pas aidé. Une personne de notre "
        "équipe prendra alors le relais.",
        button="Confirmer",
        thanks_title="Merci",
        thanks_yes="Votre demande va être marquée comme résolue. Si vous avez une autre question, "
        "répondez au message.",
        thanks_no="Une personne de notre équipe prend votre demande en charge et vous répondra "
        "dans la même conversation.",
        invalid_title="Ce lien n'est pas valide",
        invalid="Il est peut-être incomplet ou trop ancien. Veuillez plutôt répondre au message.",
    ),
    "es": PageTexts(
        confirm_title="¿Ha respondido esto a su pregunta?",
        confirm_yes="Confirme que la respuesta ha resuelto su pregunta. Marcaremos entonces su "
        "consulta como resuelta.",
        confirm_no="Confirme que la respuesta no ha resuelto su pregunta. Una persona de nuestro "
        "equipo se hará cargo.",
        button="Confirmar",
        thanks_title="Gracias",
        thanks_yes="Su consulta se marcará como resuelta. Si tiene otra pregunta, responda al "
        "mensaje.",
        thanks_no="Una persona de nuestro equipo se hace cargo de su consulta y le responderá "
        "en la misma conversación.",
        invalid_title="Este enlace no es válido",
        invalid="Puede que esté incompleto o sea demasiado antiguo. Responda al mensaje.",
    ),
    "it": PageTexts(
        confirm_title="Questa risposta Le è stata utile?",
        confirm_yes="Confermi che la risposta ha risolto la Sua domanda. La richiesta verrà "
        "contrassegnata come risolta.",
        confirm_no="Confermi che la risposta non ha risolto la Sua domanda. Se ne occuperà una "
        "persona del nostro team.",
        button="Confermo",
        thanks_title="Grazie",
        thanks_yes="La Sua richiesta verrà contrassegnata come risolta. Se ha un'altra domanda, "
        "risponda al messaggio.",
        thanks_no="Una persona del nostro team si occupa della Sua richiesta e Le risponderà "
        "nella stessa conversazione.",
        invalid_title="Questo link non è valido",
        invalid="Potrebbe essere incompleto o troppo vecchio. Risponda invece al messaggio.",
    ),
    "nl": PageTexts(
        confirm_title="Is uw vraag hiermee beantwoord?",
        confirm_yes="Bevestig dat het antwoord uw vraag heeft beantwoord. Wij markeren uw vraag "
        "dan als opgelost.",
        confirm_no="Bevestig dat het antwoord uw vraag niet heeft beantwoord. Een medewerker van "
        "ons team neemt het dan over.",
        button="Bevestigen",
        thanks_title="Dank u wel",
        thanks_yes="Uw vraag wordt als opgelost gemarkeerd. Hebt u nog een vraag, antwoord dan op "
        "het bericht.",
        thanks_no="Een medewerker van ons team neemt uw vraag over en antwoordt u daar.",
        invalid_title="Deze link is niet geldig",
        invalid="Hij is misschien onvolledig of te oud. Antwoord in plaats daarvan op het bericht.",
    ),
    "pt": PageTexts(
        confirm_title="Esta resposta foi útil?",
        confirm_yes="Confirme que a resposta resolveu a sua questão. O seu pedido será então "
        "marcado como resolvido.",
        confirm_no="Confirme que a resposta não resolveu a sua questão. Uma pessoa da nossa "
        "equipa vai então tratar do pedido.",
        button="Confirmar",
        thanks_title="Obrigado",
        thanks_yes="O seu pedido vai ser marcado como resolvido. Se tiver outra questão, responda "
        "à mensagem.",
        thanks_no="Uma pessoa da nossa equipa vai tratar do seu pedido e responder-lhe na mesma "
        "conversa.",
        invalid_title="Esta ligação não é válida",
        invalid="Pode estar incompleta ou ser demasiado antiga. Responda antes à mensagem.",
    ),
    "pl": PageTexts(
        confirm_title="Czy ta odpowiedź była pomocna?",
        confirm_yes="Proszę potwierdzić, że odpowiedź była pomocna. Zgłoszenie zostanie wtedy "
        "oznaczone jako rozwiązane.",
        confirm_no="Proszę potwierdzić, że odpowiedź nie była pomocna. Sprawę przejmie wtedy "
        "pracownik naszego zespołu.",
        button="Potwierdzam",
        thanks_title="Dziękujemy",
        thanks_yes="Zgłoszenie zostanie oznaczone jako rozwiązane. W razie kolejnych pytań "
        "prosimy odpowiedzieć na wiadomość.",
        thanks_no="Państwa zgłoszenie przejmuje pracownik naszego zespołu i odpowie w tej samej "
        "rozmowie.",
        invalid_title="Ten link jest nieprawidłowy",
        invalid="Może być niekompletny lub zbyt stary. Prosimy odpowiedzieć na wiadomość.",
    ),
    "sv": PageTexts(
        confirm_title="Fick du svar på din fråga?",
        confirm_yes="Bekräfta att svaret besvarade din fråga. Ditt ärende markeras då som löst.",
        confirm_no="Bekräfta att svaret inte besvarade din fråga. En person i vårt team tar då "
        "över.",
        button="Bekräfta",
        thanks_title="Tack",
        thanks_yes="Ditt ärende markeras som löst. Har du en fråga till, svara på meddelandet.",
        thanks_no="En person i vårt team tar över ditt ärende och svarar dig där.",
        invalid_title="Länken är inte giltig",
        invalid="Den kan vara ofullständig eller för gammal. Svara på meddelandet i stället.",
    ),
    "da": PageTexts(
        confirm_title="Fik du svar på dit spørgsmål?",
        confirm_yes="Bekræft, at svaret besvarede dit spørgsmål. Din henvendelse bliver så "
        "markeret som løst.",
        confirm_no="Bekræft, at svaret ikke besvarede dit spørgsmål. Så tager en person fra vores "
        "team over.",
        button="Bekræft",
        thanks_title="Tak",
        thanks_yes="Din henvendelse bliver markeret som løst. Har du et spørgsmål mere, så svar "
        "på beskeden.",
        thanks_no="En person fra vores team overtager din henvendelse og svarer dig der.",
        invalid_title="Linket er ikke gyldigt",
        invalid="Det er måske ufuldstændigt eller for gammelt. Svar på beskeden i stedet.",
    ),
    "ja": PageTexts(
        confirm_title="ご質問は解決しましたか?",
        confirm_yes="返信で解決した場合は、ボタンを押してください。お問い合わせを解決済みとします。",
        confirm_no="返信で解決しなかった場合は、ボタンを押してください。担当者が引き継ぎます。",
        button="確定する",
        thanks_title="ありがとうございます",
        thanks_yes="お問い合わせを解決済みとします。ほかにご質問がある場合は、メッセージにご返信ください。",
        thanks_no="担当者がお問い合わせを引き継ぎ、同じやり取りの中でご返信いたします。",
        invalid_title="このリンクは無効です",
        invalid="リンクが不完全か、古すぎる可能性があります。メッセージにご返信ください。",
    ),
}


def page_texts_for(locale: str) -> PageTexts:
    """The texts for a locale such as "de", "pt-BR" or "": English where it is not known."""
    return PAGE_TEXTS[language_of(locale)]
