"""What the help page says of what somebody did there, in the languages of `texts`, as formally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Notices:
    """One language."""

    nothing_asked: str
    too_long: str
    too_many: str
    failed: str
    old: str
    thanks_yes: str
    thanks_no: str
    not_shown: str


NOTICES: Mapping[str, Notices] = {
    "en": Notices(
        nothing_asked="Write down what you would like to know.",
        too_long="Please ask in fewer words.",
        too_many="That was a lot in a short time. Please wait a few minutes.",
        failed="Something went wrong. Please try again.",
        old="This page is too old. Please ask again.",
        thanks_yes="Thank you. We are glad that this helped.",
        thanks_no="Thank you for telling us.",
        not_shown="There is no help page here.",
    ),
    "de": Notices(
        nothing_asked="Bitte schreiben Sie, was Sie wissen möchten.",
        too_long="Bitte fassen Sie Ihre Frage kürzer.",
        too_many="Das waren viele Anfragen in kurzer Zeit. Bitte warten Sie einige Minuten.",
        failed="Das hat leider nicht funktioniert. Bitte versuchen Sie es noch einmal.",
        old="Diese Seite ist zu alt. Bitte stellen Sie Ihre Frage noch einmal.",
        thanks_yes="Vielen Dank. Es freut uns, dass wir Ihnen helfen konnten.",
        thanks_no="Vielen Dank für Ihre Rückmeldung.",
        not_shown="Hier gibt es keine Hilfeseite.",
    ),
    "fr": Notices(
        nothing_asked="Veuillez écrire ce que vous souhaitez savoir.",
        too_long="Veuillez poser votre question en moins de mots.",
        too_many="Cela fait beaucoup de demandes en peu de temps. Veuillez patienter quelques "
        "minutes.",
        failed="Une erreur s'est produite. Veuillez réessayer.",
        old="Cette page est trop ancienne. Veuillez poser votre question à nouveau.",
        thanks_yes="Merci. Nous sommes heureux d'avoir pu vous aider.",
        thanks_no="Merci de nous l'avoir signalé.",
        not_shown="Il n'y a pas de page d'aide ici.",
    ),
    "es": Notices(
        nothing_asked="Escriba lo que desea saber.",
        too_long="Formule su pregunta con menos palabras.",
        too_many="Han sido muchas solicitudes en poco tiempo. Espere unos minutos.",
        failed="Algo ha fallado. Inténtelo de nuevo.",
        old="Esta página es demasiado antigua. Vuelva a hacer su pregunta.",
        thanks_yes="Gracias. Nos alegra haberle ayudado.",
        thanks_no="Gracias por decírnoslo.",
        not_shown="Aquí no hay ninguna página de ayuda.",
    ),
    "it": Notices(
        nothing_asked="Scriva che cosa desidera sapere.",
        too_long="Formuli la domanda con meno parole.",
        too_many="Abbiamo ricevuto molte richieste in poco tempo. Attenda qualche minuto.",
        failed="Qualcosa non ha funzionato. Riprovi.",
        old="Questa pagina è troppo vecchia. Ripeta la domanda.",
        thanks_yes="Grazie. Siamo lieti di esserLe stati utili.",
        thanks_no="Grazie per avercelo detto.",
        not_shown="Qui non c'è nessuna pagina di assistenza.",
    ),
    "nl": Notices(
        nothing_asked="Schrijf op wat u wilt weten.",
        too_long="Stel uw vraag in minder woorden.",
        too_many="Dat waren veel verzoeken in korte tijd. Wacht een paar minuten.",
        failed="Er is iets misgegaan. Probeer het opnieuw.",
        old="Deze pagina is te oud. Stel uw vraag opnieuw.",
        thanks_yes="Dank u wel. Fijn dat wij u konden helpen.",
        thanks_no="Dank u wel voor uw reactie.",
        not_shown="Er is hier geen helppagina.",
    ),
    "pt": Notices(
        nothing_asked="Escreva o que gostaria de saber.",
        too_long="Faça a pergunta em menos palavras.",
        too_many="Recebemos muitos pedidos em pouco tempo. Aguarde alguns minutos.",
        failed="Algo correu mal. Tente novamente.",
        old="Esta página é demasiado antiga. Faça a pergunta novamente.",
        thanks_yes="Obrigado. Ficamos contentes por ter ajudado.",
        thanks_no="Agradecemos a sua resposta.",
        not_shown="Não há aqui nenhuma página de ajuda.",
    ),
    "pl": Notices(
        nothing_asked="Proszę napisać, czego chcieliby się Państwo dowiedzieć.",
        too_long="Proszę skrócić pytanie.",
        too_many="Otrzymaliśmy wiele zapytań w krótkim czasie. Proszę odczekać kilka minut.",
        failed="Coś poszło nie tak. Proszę spróbować ponownie.",
        old="Ta strona jest już nieaktualna. Proszę zadać pytanie ponownie.",
        thanks_yes="Dziękujemy. Cieszymy się, że mogliśmy pomóc.",
        thanks_no="Dziękujemy za informację.",
        not_shown="Nie ma tu strony pomocy.",
    ),
    "sv": Notices(
        nothing_asked="Skriv vad du vill veta.",
        too_long="Ställ din fråga med färre ord.",
        too_many="Det var många förfrågningar på kort tid. Vänta några minuter.",
        failed="Något gick fel. Försök igen.",
        old="Sidan är för gammal. Ställ frågan igen.",
        thanks_yes="Tack. Vi är glada att det hjälpte.",
        thanks_no="Tack för att du talade om det.",
        not_shown="Det finns ingen hjälpsida här.",
    ),
    "da": Notices(
        nothing_asked="Skriv, hvad du gerne vil vide.",
        too_long="Stil dit spørgsmål med færre ord.",
        too_many="Det var mange henvendelser på kort tid. Vent et par minutter.",
        failed="Noget gik galt. Prøv igen.",
        old="Siden er for gammel. Stil spørgsmålet igen.",
        thanks_yes="Tak. Vi er glade for, at det hjalp.",
        thanks_no="Tak, fordi du fortalte os det.",
        not_shown="Der er ingen hjælpeside her.",
    ),
    "ja": Notices(
        nothing_asked="お知りになりたいことをご入力ください。",
        too_long="もう少し短い文でご質問ください。",
        too_many="短時間に多数の送信がありました。数分待ってから、もう一度お試しください。",
        failed="エラーが発生しました。もう一度お試しください。",
        old="このページは古くなっています。もう一度ご質問ください。",
        thanks_yes="ありがとうございます。お役に立てて幸いです。",
        thanks_no="お知らせいただき、ありがとうございます。",
        not_shown="こちらにヘルプページはありません。",
    ),
}
